"""The last net: what reaches a log record is blotted out there, however libraries print it."""

import ast
import io
import json
import logging
import random
import time
import urllib.parse
from collections.abc import Iterator
from email.message import Message
from html import escape
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import MaxRetryError
from werkzeug.datastructures import EnvironHeaders, Headers

from tests.unit.transfer.secrets_shown import (
    AS_SHOWN,
    BY_THEIR_LOOK,
    CANARY,
    IN_HEADERS,
    IN_URLS,
    ORDINARY,
    WORD,
)
from transfer.redaction import RedactingFormatter, redact

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("text", [*IN_URLS, *IN_HEADERS, *AS_SHOWN, *BY_THEIR_LOOK])
def test_a_secret_is_blotted_out(text: str) -> None:
    for shown in (text, f"ValueError: {text}", f"before {text}\nafter"):
        assert "canary" not in redact(shown).lower()
        assert "[redacted]" in redact(shown)


@pytest.mark.parametrize("name", ["x-api-key", "Authorization", "X-Amz-Security-Token"])
def test_headers_are_blotted_out_of_what_libraries_show(name: str) -> None:
    headers = Message()
    headers[name] = WORD
    shown: list[object] = [
        HTTPHeaderDict({name: WORD}),
        CaseInsensitiveDict({name: WORD}),
        Headers([(name, WORD)]),
        EnvironHeaders({f"HTTP_{name.upper().replace('-', '_')}": WORD}),
        headers.items(),
        headers.as_bytes(),
        {name.encode(): [WORD.encode()]},
        ((name, WORD),),
    ]
    for each in (text for one in shown for text in (repr(one), str(one), ascii(repr(one)))):
        assert WORD in each
        assert WORD not in redact(each)


def test_urls_are_blotted_out_of_exceptions() -> None:
    error = MaxRetryError(None, f"/k?X-Amz-Signature={WORD}", ConnectionError("reset"))  # type: ignore[arg-type]

    assert WORD in str(error)
    assert WORD not in redact(str(error)) + redact(repr(error))
    assert "reset" in redact(str(error))


@pytest.mark.parametrize(
    "encode",
    [
        urllib.parse.quote,
        lambda text: urllib.parse.quote(urllib.parse.quote(text)),
        urllib.parse.quote_plus,
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(text).replace("&", "\\u0026"),
        escape,
        repr,
        lambda text: repr(text.encode()),
        str.upper,
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        f"https://b/k?a=1&X-Amz-Signature={WORD}",
        f"https://b/k?a=1&upload_id={WORD}",
        f"https://b/k?a=1&key={WORD}&b=2",
        f"Host: a\r\nx-api-key: {WORD}\r\nVia: b",
        f'{{"a": 1, "x-api-key": "{WORD}"}}',
    ],
)
def test_it_does_not_matter_what_it_is_wrapped_in(text: str, encode: Any) -> None:
    assert WORD not in redact(encode(text)).lower()


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def texts_of(file: Path) -> Iterator[str]:
    """Yield all texts of a module but its docstrings; fields of f-strings as `x1`."""
    tree = ast.parse(file.read_text())
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = (p.value if isinstance(p, ast.Constant) else "x1" for p in node.values)
            yield "".join(map(str, parts))
    for node in ast.walk(tree):
        if id(node) not in skipped and isinstance(node, ast.Constant):
            yield str(node.value)


def test_all_that_the_service_itself_says_stays() -> None:
    rooms = ("transfer", "handlers", "adapters", "forwarder", "diagnosis")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    files += [ROOT / "main.py", ROOT / "settings.py", ROOT / "doctor.py", ROOT / "reconcile.py"]
    texts = {text for file in files if file.name != "redaction.py" for text in texts_of(file)}
    signed = {text for text in texts if "X-Amz-Credential=NOBODY" in text}  # the doctor's own URL

    assert len(texts) > 1500
    assert [text for text in texts - signed if redact(text) != text] == []


PIECES = [
    *IN_URLS, *IN_HEADERS, *AS_SHOWN, *BY_THEIR_LOOK, *ORDINARY,
    "x-api-key", "authorization", "token", "[redacted]", "redacted]", "[", "'", '"', "\\", "\\n",
    "=", ":", ",", ">", "b'", "%253D", "&quot;", " ", "\r\n", "\u2028", "\ud800", "İ", "value=", "://",
    "@", "-----BEGIN PRIVATE KEY-----", "?key=",
]  # fmt: skip


def test_a_second_time_changes_nothing() -> None:
    dice = random.Random(7)
    for _ in range(2000):
        once = redact("".join(dice.choices(PIECES, k=dice.randint(1, 8))))
        assert redact(once) == once


@pytest.mark.parametrize(
    "piece",
    [
        "x", "%25", "\\", "\\n", "'", '"', "[", " ", "\t\n", "=", ":", "token", "token=", "token'",
        "x-api-key ", "x-api-key\\", "authorization'", "authorization: '", "authorization,", "?key",
        "?key=", "%26key", "signature: a ", "access_key_id", "://", "://a", "@", "://@", "AKIA",
        "AKIAAAAAAAAAAAAAAAAA:", "eyJ", "eyJ-", "eyJaaaaaaaa-", "eyJaaaaaaaa.", "eyJaaaaaaaa.a.",
        "bearer ", "ya29.", "IQoJ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ",
         "PRIVATE KEY-----", "[redacted]", "İ", "é",
        "value=", "token,b'", "token='", "token=\"\\", "cookie=[redacted]", "\ud800",
    ],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    """Where it is quadratic, 256 KiB take minutes."""
    text = piece * (256 * 1024 // len(piece))
    for whole in (text, f"token={text}", f"authorization: '{text}", f"{text}x-api-key:"):
        began = time.process_time()
        redact(whole)
        assert time.process_time() - began < 3


def formatted(log: Any, **stated: Any) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    logger = logging.Logger("test of redaction")  # noqa: LOG001 - one of its own
    logger.addHandler(handler)
    log(logger)
    return stream.getvalue()


def test_arguments_and_tracebacks_are_redacted_too() -> None:
    def log(logger: logging.Logger) -> None:
        try:
            try:
                raise KeyError(f"x-api-key: {WORD}")
            except KeyError:
                raise ValueError(f"https://x/?X-Amz-Signature={CANARY}")  # noqa: B904
        except ValueError as error:
            logger.error("failed for %s", f"?upload_id={CANARY}", exc_info=error, stack_info=True)

    text = formatted(log)

    assert text.count("Traceback") == 2
    assert "Stack (most recent call last)" in text
    assert "canary" not in text


def test_a_name_and_its_value_may_be_two_arguments() -> None:
    assert WORD not in formatted(lambda log: log.warning("%s: %r", "x-api-key", WORD))
    assert WORD not in formatted(lambda log: log.warning("%s=%s", b"token", WORD.encode()))


def test_arguments_that_do_not_fit_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(WORD)

    unfit = formatted(lambda log: log.error("%d bytes", WORD))
    broken = formatted(lambda log: log.error("%s", Broken()))

    assert unfit.startswith("ERROR The log record of ")
    assert "test_redaction.py" in unfit
    assert "(TypeError)" in unfit
    assert "(RuntimeError)" in broken
    assert WORD not in unfit + broken + "".join(capsys.readouterr())


def test_no_text_can_command_a_terminal_or_pass_for_another_record() -> None:
    """Also by a traceback. See https://github.com/rsyslog/rsyslog/issues/1138."""

    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError("a\x1b]0;title\x07\nERROR forged\r\x9b2J\u202e\x85")
        except ValueError as error:
            logger.info("heron\nERROR forged %s", "\ud800", exc_info=error)

    lines = formatted(log).splitlines()

    assert lines[:3] == [
        "INFO heron",
        "  ERROR forged \\ud800",
        "  Traceback (most recent call last):",
    ]
    assert lines[-2:] == [
        "  ValueError: a\\x1b]0;title\\x07",
        "  ERROR forged\\r\\x9b2J\\u202e\\x85",
    ]
