"""Before anything is done: the request does not arrive, is no message, or is nobody's."""

import socket
import struct

import pytest

from tests.faults.rig import API_KEY, KEY, NARROW_KEY, Rig, body_of

BODY = body_of(1000)


@pytest.fixture(autouse=True)
def there(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)


@pytest.mark.row("1")
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("share", [0.1, 0.99], ids=["in the headers", "in the body"])
def test_a_request_that_breaks_off_does_nothing(rig: Rig, share: float, reset: bool) -> None:
    message = rig.message()
    head = (
        f"POST /processmessage HTTP/1.1\r\nHost: x\r\nx-api-key: {API_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(message)}\r\n\r\n"
    )
    whole = head.encode() + message
    with socket.create_connection(("127.0.0.1", rig.port)) as connection:
        connection.sendall(whole[: int(share * len(whole))])
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert rig.send(b"").status == 400  # the service lives, and has had time to see it
    rig.assert_nothing_happened()
    assert rig.s3.asked == []
    rig.assert_heals(BODY)


MALFORMED = {
    "empty": (b"", {}, 400, "MALFORMED_BODY"),
    "no JSON": (b"{", {}, 400, "MALFORMED_BODY"),
    "not UTF-8": (b'{"a": "\xff"}', {}, 400, "MALFORMED_BODY"),
    "no object": (b"[1]", {}, 400, "MALFORMED_BODY"),
    "no message": (b"{}", {}, 400, "INVALID_MESSAGE"),
    "too large": (b" " * (64 * 1024 + 1), {}, 413, "BODY_TOO_LARGE"),
    "text": (b"{}", {"Content_Type": "text/plain"}, 415, "NOT_JSON"),
    "compressed": (b"{}", {"Content_Encoding": "gzip"}, 415, "NOT_JSON"),
}


@pytest.mark.row("2")
@pytest.mark.parametrize(
    ("message", "headers", "status", "reason"), MALFORMED.values(), ids=MALFORMED
)
def test_what_is_no_message_does_nothing(
    rig: Rig, message: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = rig.send(message, **headers)

    assert answer.outcome == (status, reason)
    assert answer.retry_after is None
    rig.assert_nothing_happened()
    assert rig.s3.asked == []


STRANGERS = {
    "without a key": ("", 401, "API_KEY_MISSING"),
    "with a wrong key": ("wrong", 401, "API_KEY_INVALID"),
    "with a key for another bucket": (NARROW_KEY, 403, "BUCKET_NOT_ALLOWED"),
}


@pytest.mark.row("3")
@pytest.mark.parametrize(("key", "status", "reason"), STRANGERS.values(), ids=STRANGERS)
def test_whoever_may_not_do_so_lands_nothing(rig: Rig, key: str, status: int, reason: str) -> None:
    assert rig.send(x_api_key=key).outcome == (status, reason)

    rig.assert_nothing_happened()
    assert rig.s3.asked == []
    rig.assert_heals(BODY)  # with the right key


@pytest.mark.row("3")
def test_a_bucket_that_the_service_does_not_land_is_refused_whatever_the_key(rig: Rig) -> None:
    url = f"{rig.s3.origin}/secrets/k?{rig.message().decode().split('?')[1].split(chr(34))[0]}"

    answer = rig.send(rig.message(Bucket="secrets", ObjectKey="k", PresignedUrl=url))

    assert answer.outcome == (403, "BUCKET_NOT_ALLOWED")
    rig.assert_nothing_happened()


@pytest.mark.row("4")
def test_a_key_that_a_gateway_let_pass_unchecked_is_checked_here(rig: Rig) -> None:
    """What Cloud Endpoints adds says nothing of the key while Service Control is down."""
    passed = {"x_endpoint_api_project_id": "1234", "x_endpoint_api_consumer_type": "PROJECT"}

    assert rig.send(None, x_api_key="wrong", **passed).outcome == (401, "API_KEY_INVALID")

    rig.assert_nothing_happened()
    assert rig.send(None, **passed).outcome == (200, "landed")
