"""The last net: what reaches a log record is blotted out there, however libraries print it.

Sources of the shapes: https://github.com/boto/botocore/issues/2626 (debug logs of botocore),
https://github.com/flyteorg/flyte-sdk/pull/1339 (presigned URLs in exceptions),
https://github.com/apache/airflow/pull/16601 (names that are no text),
https://github.com/Redocly/redocly-cli/pull/2998 (encoded once more).
"""

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

from transfer.redaction import RedactingFormatter, redact

ROOT = Path(__file__).parents[3]
CANARY = "canary5d1f%2F+=="
WORD = "canary5d1f0e9c8b7a"

IN_URLS = [
    f"https://b.s3.amazonaws.com/k?X-Amz-Signature={CANARY}&versionId=3",
    f"/k?x-amz-credential={CANARY}",
    f"?X-Amz-Security-Token={CANARY}",
    f"/k?AWSAccessKeyId={CANARY}&Expires=1",
    f"/k?Expires=1&Signature={CANARY}",
    f"https://storage.googleapis.com/b/o?GoogleAccessId={CANARY}&Expires=1",
    f"https://storage.googleapis.com/b/o?X-Goog-Credential={CANARY}&X-Goog-Date=1",
    f"?X-Goog-Date=1&x-goog-signature={CANARY}",
    f"PUT /upload/storage/v1/b/x/o?uploadType=resumable&upload_id={CANARY}",
    f"POST /processmessage?key={CANARY} HTTP/1.1",
    f"/?a=1&api_key={CANARY}",
    f"/?a=1;key={CANARY}",
    f"?access_token={CANARY}",
    f"/cb#id_token={CANARY}",
    f"?token={CANARY}",
    f"https://account.blob.core.windows.net/c?sv=1&sig={CANARY}",
    f"https://user:{WORD}@host.example/path",
    f"proxy http://{WORD}@10.0.0.1:3128 refused",
    f"/?url=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3D{CANARY}",
    f"/?url=https%3a%2f%2fb%2fk%3fx-amz-signature%3d{CANARY}",
    f"/?url=%2Fo%3Fa%3D1%26upload_id%3D{CANARY}",
    f"/?u=%252Fk%253Fkey%253D{WORD}%2526more%253D1",
    f"/?u=%25252Fk%25253FX-Amz-Signature%25253D{WORD}",
]
IN_HEADERS = [
    f"x-api-key: {CANARY}",
    f"x-api-key\r\n: {CANARY}",
    f"X-API-KEY:{CANARY}",
    f"x-goog-api-key: {CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"Authorization:\r\n Bearer {CANARY}",
    f"Authorization: AWS4-HMAC-SHA256 Credential={WORD}/20260101/eu-west-2/s3/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={WORD}",
    f"Authorization: AWS {WORD}:{WORD}",
    f'Authorization: Digest username="heron", realm="a", response="{WORD}"',
    f"Proxy-Authorization: Basic {CANARY}",
    f"x-amz-security-token: {CANARY}",
    f"x-amz-security-token:{CANARY}\nx-amz-date:1",
    f"x-amz-server-side-encryption-customer-key: {CANARY}",
    f"x-goog-encryption-key: {CANARY}",
    f"X-GUploader-UploadID: {CANARY}",
    f"Cookie: a=1; session={WORD}; b={WORD}",
    f"Set-Cookie: session={WORD}; Path=/; HttpOnly",
    f"Signature:\n{WORD}",
]
AS_SHOWN = [
    f"{{'x-api-key': '{CANARY}'}}",
    f"{{'x-api-key': ['{WORD}']}}",
    f'{{"access_token": "{CANARY}"}}',
    f"{{b'x-api-key': b'{CANARY}'}}",
    f'{{\\"x-api-key\\": \\"{CANARY}\\"}}',
    f'{{\\\\\\"x-api-key\\\\\\": \\\\\\"{WORD}\\\\\\"}}',
    f"[('X-Api-Key', '{CANARY}')]",
    f"('Authorization', 'Bearer {CANARY}')",
    f"{{'HTTP_X_API_KEY': '{CANARY}'}}",
    f"[('authorization', 'Bearer {CANARY}')]",
    f"[(b'authorization', b'Bearer {CANARY}')]",
    f"_Metadatum(key='authorization', value='Bearer {CANARY}')",
    f"{{'name': 'x-api-key', 'value': '{WORD}'}}",
    f"b'GET / HTTP/1.1\\r\\nx-api-key: {WORD}\\r\\n\\r\\n'",
    f'"GET / HTTP/1.1\\\\r\\\\nx-api-key: {WORD}\\\\r\\\\n"',
    f'{{"u":"https://x/?a=1\\u0026upload_id={WORD}"}}',
    f'{{"u":"https://x/?a=1\\u0026key={WORD}"}}',
    f"'/?a=1\\x26key={WORD}'",
    f"map[X-Api-Key:[{WORD}]]",
    f"x-api-key => {WORD}",
    f"x-api-key -> '{WORD}'",
    f"'SessionToken': '{WORD}'",
    f"ReadOnlyCredentials(access_key='{WORD}', secret_key='{WORD}', token='{WORD}')",
    f"aws_secret_access_key = {WORD}",
    f"environ({{'AWS_SESSION_TOKEN': '{WORD}'}})",
    f'"private_key": "-----BEGIN PRIVATE KEY-----\\n{WORD}\\n-----END PRIVATE KEY-----\\n"',
    f"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n{WORD}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\nMIIE\n{WORD}",
    f'"refresh_token": "1//{WORD}"',
    f'"client_secret": "{WORD}"',
    f"grant_type=x&assertion={WORD}",
    f"{{'password': 'correct {WORD} staple'}}",
    f"<AWSAccessKeyId>{WORD}</AWSAccessKeyId>",
    f"<SignatureProvided>{WORD}</SignatureProvided>",
    f"<Error><Code>ExpiredToken</Code><Token-0>{WORD}</Token-0></Error>",
    f"&lt;Token-0&gt;{WORD}&lt;/Token-0&gt;",
    f"&quot;x-api-key&quot;: &quot;{WORD}&quot;",
    f"<a href='/?a=1&amp;upload_id={WORD}'>",
    f"%7B%22x-api-key%22%3A%22{WORD}%22%7D",
]
BY_THEIR_LOOK = [
    f"AKIA{WORD.upper()}",
    f"AWS ASIA{WORD.upper()}:{WORD}",
    f"GOOG1E{WORD.upper()}",
    f"IQoJb3JpZ2luX2Vj{WORD * 3}",
    f"ya29.a0{WORD}",
    f"AIzaSy{WORD * 2}",
    f"eyJhbGciOiJSUzI1NiJ9.eyJ{WORD}.{WORD}",
    f"'a\\nASIA{WORD.upper()}\\n'",
    f"got bearer {WORD} from the metadata server",
]


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


ORDINARY = [
    "landed s3://pictures/a.txt for lambda in 0.123 s",
    "already-landed s3://pictures/2026/08/heron (1).jpg for lambda-eu in 1.002 s",
    "landed s3://pictures/keys/token/日本語.txt for lambda in 0.1 s",
    "SOURCE_UNAVAILABLE (503): S3 could not be asked (the host's name cannot be resolved). "
    "(s3://pictures/a)",
    "API_KEY_INVALID: The key lambda expired. Number 3 since the start.",
    "API keys in force: lambda, backup",
    "URL_REFUSED (400): PresignedUrl's X-Amz-Expires is over 604800 seconds. (s3://b/k)",
    "SOURCE_REFUSED (422): SignatureDoesNotMatch. The URL's signature: sign it again.",
    "The topic is not usable: 403 Permission denied: see https://cloud.google.com/iam/docs",
    "[2026-08-11 09:30:15 +0000] [7] [INFO] Listening at: http://127.0.0.1:8080 (7)",
    "[2026-08-11 09:30:15 +0000] [9] [INFO] Booting worker with pid: 9",
    "mail heron@example.com or see https://example.com/a@b and s3://b/x@y",
    "peer https://peer.example:9077 refused the write of agent@host",
    "monkey=3",
    "?keys=3",
    "X-Amz-Expires=3600",
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    'ETag: "9b2cf535f27731c974343645a3985328-3"',
    "the key lambda",
    "a key, or authorization, is missing",
    "send it in x-api-key, please",
    "Traceback (most recent call last):\n"
    '  File "/srv/adapters/gcs_store.py", line 12, in stat\n'
    "    return self._api.get(name, token)\n"
    "           ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
    "ConnectionResetError: [Errno 104] Connection reset by peer",
]


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
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in skipped:
                yield node.value


def test_all_that_the_service_itself_says_stays() -> None:
    rooms = ("transfer", "handlers", "adapters", "forwarder", "diagnosis")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    files += [ROOT / "main.py", ROOT / "settings.py", ROOT / "doctor.py", ROOT / "reconcile.py"]
    texts = {text for file in files if file.name != "redaction.py" for text in texts_of(file)}
    signed = {text for text in texts if "X-Amz-Credential=NOBODY" in text}  # the doctor's own URL

    assert len(texts) > 1500
    assert [text for text in texts - signed if redact(text) != text] == []


PIECES = [
    *IN_URLS, *IN_HEADERS, *AS_SHOWN, *BY_THEIR_LOOK, *ORDINARY, "x-api-key", "authorization", "token",
    "[redacted]", "redacted]", "[", "'", '"', "\\", "\\n", "=", ":", ",", ">", "b'", "%253D", "&quot;", " ",
    "\r\n", "\u2028", "\ud800", "İ", "value=", "://", "@", "-----BEGIN PRIVATE KEY-----", "?key=",
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
        "AKIAAAAAAAAAAAAAAAAA:", "eyJ", "eyJaaaaaaaa.", "eyJaaaaaaaa.a.", "bearer ", "ya29.", "IQoJ",
        "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "PRIVATE KEY-----", "[redacted]", "İ", "é",
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
