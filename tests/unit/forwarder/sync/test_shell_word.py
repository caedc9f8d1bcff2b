"""A key within a command that a person pastes: harmless on the terminal, whole in the shell."""

import subprocess

import pytest

from forwarder.sync.__main__ import shell_word


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "a b'c",
        "日本.txt",
        "$(date) `date`",
        "a\x1b]0;t\x07\nb",
        "é\x9b2J'\\n\u202e\U000e0041",
        "\u200d日本",
    ],
)
def test_the_shell_reads_the_key_as_it_is(key: str) -> None:
    word = shell_word(key)

    read = subprocess.run(
        ["/bin/bash", "-c", f"printf %s {word}"],
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )

    assert word.isprintable()
    assert read.stdout.decode() == key
