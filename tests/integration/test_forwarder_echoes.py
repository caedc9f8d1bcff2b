"""An endpoint that sends back what it was sent, in every place of an answer: nothing of it shows.

Not in logs, in the function's answer, in exceptions (Lambda logs their texts by itself), on the
terminal of the programs, nor in the file of failures.
"""

import base64
import json
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from forwarder import send
from forwarder.lambda_function import ForwardingFailed, lambda_handler
from forwarder.sync import __main__ as sync
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    REGION,
    SECRET_KEY,
    TOKEN,
    Answer,
    RecordingServer,
    landfall_says,
)
from tests.integration.events import created, in_queue
from tests.servers.whole_s3 import WholeS3

ESCAPE = "\x1b]0;title\x07\u202e"
Says = Callable[[str, dict[str, Any]], Answer]


def ok(about: dict[str, Any], /, status: str = "landed", **fields: Any) -> Answer:
    return Answer(200, json.dumps(landfall_says(status, about) | fields).encode())


def refused(code: int, domain: str = "landfall", **detail: Any) -> Answer:
    error = {"details": [{"reason": "INVALID_MESSAGE", "domain": domain} | detail]} | detail
    return Answer(code, json.dumps({"error": error}).encode())


def there(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**landfall_says("landed", message)["object"], **fields}


def letters(secret: str) -> str:
    """The secret as one word of capitals, which may pass for a reason."""
    return "".join(chr(ord("A") + ord(sign) % 26) for sign in secret)[:40]


ECHOES: dict[str, Says] = {
    "status": lambda secret, m: ok(m, status=secret),
    "message": lambda secret, m: ok(m, message=secret),
    "bucket": lambda secret, m: ok(m, object=there(m, bucket=secret)),
    "name": lambda secret, m: ok(m, object=there(m, name=f"x/{secret}")),
    "generation": lambda secret, m: ok(m, object=there(m, generation=secret)),
    "more of the object": lambda secret, m: ok(m, object=there(m, contentType=secret)),
    "source": lambda secret, m: ok(
        m, source={"bucket": m["Bucket"], "key": m["ObjectKey"], "etag": secret}
    ),
    "verified": lambda secret, m: ok(m, verified=["size", secret, *secret]),
    "notification": lambda secret, m: ok(m, notification={"messageId": secret}),
    "another field": lambda secret, m: ok(m, **{secret: secret}),
    "text": lambda secret, _: Answer(200, secret.encode()),
    "refusal's message": lambda secret, _: refused(400, message=secret),
    "refusal's reason": lambda secret, _: refused(503, reason=secret),
    "a reason of capitals": lambda secret, _: refused(503, reason=letters(secret)),
    "a reason of capitals 400": lambda secret, _: refused(400, reason=letters(secret)),
    "refusal's status": lambda secret, _: refused(503, status=secret, message=secret),
    "gateway's refusal": lambda secret, _: refused(403, domain=secret, message=secret),
    "redirect": lambda secret, _: Answer(307, b"", {"Location": f"/?{secret}"}),
    "header": lambda secret, _: Answer(503, b"", {"Retry-After": secret, f"x-{secret}": secret}),
    "a header that is none": lambda secret, _: Answer(503, b"", {f"x y {secret} ": secret}),
    "encoding": lambda secret, _: Answer(200, b"x", {"Content-Encoding": secret}),
    "length": lambda secret, _: Answer(
        200, b"x", {"Content-Length": secret, "Connection": "close"}
    ),
    "chunks": lambda secret, _: Answer(
        200, f"{secret}\r\n".encode(), {"Transfer-Encoding": "chunked", "Connection": "close"}
    ),
    "unauthorised": lambda secret, _: Answer(
        401, json.dumps(secret).encode(), {"WWW-Authenticate": secret}
    ),
}


IN_HEADERS = {
    "a header that is none", "chunks", "encoding", "header", "length", "redirect", "unauthorised",
}  # fmt: skip
"""Echoes that hold no line ends and no signs above 255."""


class Echoing(dict[str, Answer]):
    """Answers for messages about keys that are named as an echo, made of what was sent."""

    def __init__(self, endpoint: RecordingServer) -> None:
        super().__init__({"any": Answer()})
        self._endpoint = endpoint

    def get(self, key: str, default: Any = None) -> Any:
        requests = [(headers, json.loads(body)) for _, headers, body in self._endpoint.requests]
        headers, message = next(
            (headers, body["inputMessage"])
            for headers, body in reversed(requests)
            if body["inputMessage"]["ObjectKey"] == key
        )
        echo = key.partition("/")[0]
        sent = [headers["x-api-key"], message["PresignedUrl"]]
        text = "".join(sent) if echo in IN_HEADERS else " ".join([*sent, ESCAPE])
        return ECHOES[echo](text, message)


@pytest.fixture
def hostile(endpoint: RecordingServer) -> RecordingServer:
    endpoint.by_key = Echoing(endpoint)
    return endpoint


def assert_nothing_shows(hostile: RecordingServer, *told: str) -> None:
    """Neither a secret nor a sign that commands a terminal is in what was printed."""
    queries = [parse_qs(urlsplit(m["PresignedUrl"]).query) for m in hostile.messages]
    signatures = [query["X-Amz-Signature"][0] for query in queries]
    secrets = [API_KEY, SECRET_KEY, TOKEN, *signatures]
    others = ["X-Amz-", "AKIAHERON", "\x1b", "\x9b", "\u202e", *map(letters, secrets)]
    encoded = [base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] for secret in secrets]
    assert len(set(signatures)) > 5
    for text in told:
        assert [secret for secret in (*secrets, *others, *encoded) if secret in text] == []


def seen(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> str:
    written = capsys.readouterr()
    # The test's own S3 server logs too; and urllib3 must be silent by what the program sets.
    ours = [r for r in caplog.records if r.name != "werkzeug"]
    texts = [f"{record.getMessage()} {record.exc_text or ''} {record.args}" for record in ours]
    return "\n".join([*texts, written.out, written.err])


@pytest.fixture(autouse=True)
def libraries_may_log(caplog: pytest.LogCaptureFixture) -> None:
    """As in a new process, but each level is listened to."""
    logging.getLogger("urllib3").setLevel(logging.NOTSET)
    logging.getLogger().setLevel(logging.INFO)


def has_objects(scripted_s3: RecordingServer) -> None:
    scripted_s3.answers = [Answer(200, b"123", {"ETag": '"e"', "x-amz-bucket-region": REGION})]


def test_the_function_shows_nothing_of_what_was_sent(
    hostile: RecordingServer,
    scripted_s3: RecordingServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    has_objects(scripted_s3)

    with pytest.raises(ForwardingFailed) as failed:
        lambda_handler(created(*ECHOES), None)
    answer = lambda_handler(in_queue(*(created(echo) for echo in ECHOES)), None)

    told = seen(caplog, capsys)
    assert all(f"{BUCKET}/{echo}" in told for echo in ECHOES)
    assert failed.value.__suppress_context__ or failed.value.__context__ is None
    assert_nothing_shows(hostile, told, repr(failed.value), json.dumps(answer))


def test_sending_by_hand_shows_nothing_of_what_was_sent(
    hostile: RecordingServer,
    scripted_s3: RecordingServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    has_objects(scripted_s3)
    codes = set()

    for echo in ECHOES:
        monkeypatch.setattr(sys, "argv", ["send", f"s3://{BUCKET}/{echo}"])
        codes.add(send.main())

    assert codes == {send.LANDED, send.NOT_LANDED}
    assert_nothing_shows(hostile, seen(caplog, capsys))


def test_synchronising_shows_nothing_of_what_was_sent_and_writes_none_of_it_down(
    hostile: RecordingServer,
    forwarder_environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    failures = tmp_path / "failures"
    told = []
    before = signal.getsignal(signal.SIGTERM), list(logging.getLogger("forwarder").handlers)
    with WholeS3() as server:
        forwarder_environment.setenv("AWS_ENDPOINT_URL_S3", server.origin)
        for echo in FAILING_AT_ONCE:
            server.objects.clear()
            server.put(f"{echo}/\x9b2J\u202e", b"1")
            words = ["sync", f"s3://{BUCKET}/{echo}", "--failures", str(failures)]
            forwarder_environment.setattr(sys, "argv", words)
            assert sync.main() in (0, 1, 2)
            told.append(failures.read_text())
    signal.signal(signal.SIGTERM, before[0])
    logging.getLogger("forwarder").handlers = before[1]

    assert any("INVALID_MESSAGE" in text for text in told)
    assert_nothing_shows(hostile, seen(caplog, capsys), *told)


FAILING_AT_ONCE = (
    "status", "name", "generation", "verified", "notification", "text", "refusal's message",
    "a reason of capitals 400", "gateway's refusal", "redirect", "unauthorised",
)  # fmt: skip
