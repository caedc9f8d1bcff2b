"""The words after `python -m forwarder.sync`."""

from pathlib import Path

import pytest

from forwarder import send
from forwarder.sync.__main__ import how_to_go_on, parse
from forwarder.sync.run import Run


def test_one_word_is_enough() -> None:
    found = parse(["s3://heron-meadow"])

    assert found.source == ("heron-meadow", "")
    assert (found.concurrency, found.dry_run, found.failures) == (8, False, None)


def test_all_words() -> None:
    words = (
        "s3://heron-meadow/a --inventory s3://b-b/m.json --concurrency 256 --failures f --dry-run"
    )

    found = parse(words.split())

    assert (found.inventory, found.concurrency) == (("b-b", "m.json"), 256)
    assert (found.failures, found.dry_run) == (Path("f"), True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "required: s3://BUCKET"),
        ("heron-meadow", "is not like s3://bucket/key"),
        ("s3://heron-meadow --concurrency 0", "from 1 to 256"),
        ("s3://heron-meadow --concurrency many", "from 1 to 256"),
        ("s3://heron-meadow --inventory manifest.json", "is not like s3://bucket/key"),
        ("s3://heron-meadow --inventory s3://a-b/m --start-after a", "in no order"),
        ("s3://heron-meadow --unknown", "unrecognized"),
    ],
)
def test_wrong_words_are_explained(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words.split())

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("address", ["s3://heron-meadow", "s3://heron-meadow/", "heron-meadow/a"])
def test_one_object_has_a_bucket_and_a_key(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        send.parse([address])

    assert ended.value.code == 2
    assert "usage: python -m forwarder.send" in capsys.readouterr().err


class GotAsFarAs(Run):
    def __init__(self, key: str) -> None:
        self._key = key

    @property
    def all_before(self) -> str:
        return self._key


def test_how_to_go_on_can_be_pasted_into_a_shell() -> None:
    listing = parse(["s3://heron-meadow"])
    inventory = parse(["s3://heron-meadow", "--inventory", "s3://a-b/m.json"])

    assert how_to_go_on(listing, GotAsFarAs("a'b $c")).endswith("""--start-after 'a'"'"'b $c'""")
    assert how_to_go_on(listing, GotAsFarAs("")) == "To go on, run the same again."
    assert how_to_go_on(inventory, GotAsFarAs("a")) == "To go on, run the same again."
