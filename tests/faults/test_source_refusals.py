"""Step 4: S3 answers with an error. What it means decides whether to send again."""

import pytest

from tests.faults.rig import KEY, LARGE, NAME, Rig, body_of
from tests.servers.raw import answer
from tests.servers.scripted_s3 import error, says

BODY = body_of(LARGE)
NEWER = body_of(LARGE + 1, seed=1)
OUT_OF_TIME = {
    "expired": error("403 Forbidden", "AccessDenied", "Request has expired"),
    "not valid yet": error("403 Forbidden", "AccessDenied", "Request is not valid yet"),
    "signed by a wrong clock": error("403 Forbidden", "RequestTimeTooSkewed"),
    "with an expired token": error("400 Bad Request", "ExpiredToken"),
}


@pytest.mark.row("16a")
@pytest.mark.parametrize("data", OUT_OF_TIME.values(), ids=OUT_OF_TIME)
def test_a_url_past_its_life_asks_for_a_fresh_one(rig: Rig, data: bytes) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(data)]

    refusal = rig.send()

    assert refusal.outcome == (503, "URL_EXPIRED")
    assert refusal.retry_after
    assert len(rig.s3.asked) == 1
    rig.assert_nothing_happened()
    rig.assert_heals(BODY)


SSE_C = "The object was stored using a form of Server Side Encryption."
REFUSED = {
    "a wrong signature": error("403 Forbidden", "SignatureDoesNotMatch"),
    "a key that is gone": error("403 Forbidden", "InvalidAccessKeyId"),
    "a policy": error("403 Forbidden", "AccessDenied", "Access Denied"),
    "an archived object": error("403 Forbidden", "InvalidObjectState"),
    "a customer's key": error("400 Bad Request", "InvalidRequest", SSE_C),
    "a KMS key that is disabled": error("400 Bad Request", "KMS.DisabledException"),
    "another Region": error(
        "400 Bad Request",
        "AuthorizationQueryParametersError",
        "the region 'us-east-1' is wrong; expecting 'eu-west-2'",
    ),
    "words of no S3": answer(b"<html>forbidden</html>", "403 Forbidden"),
}


@pytest.mark.row("16b")
@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_an_object_that_s3_does_not_give_is_refused(rig: Rig, data: bytes) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(data)]

    refusal = rig.send()

    assert refusal.outcome == (422, "SOURCE_REFUSED")
    assert refusal.retry_after is None
    assert len(rig.s3.asked) == 1
    rig.assert_nothing_happened()
    rig.assert_heals(BODY)  # once that is mended


REMEDIES = {
    "a wrong signature": "changed on its way",
    "a policy": "allow s3:GetObject",
    "an archived object": "restore it in S3",
    "a customer's key": "SSE-C",
    "a KMS key that is disabled": "enable it",
    "another Region": "sign for eu-west-2",
    "words of no S3": "proxy or firewall",
}


@pytest.mark.parametrize(("refusal", "remedy"), REMEDIES.items(), ids=REMEDIES)
def test_the_caller_and_the_operator_are_told_the_remedy(
    rig: Rig, refusal: str, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(REFUSED[refusal])]

    assert remedy in rig.send().json["error"]["message"]
    assert remedy in caplog.text


@pytest.mark.row("17")
@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "NoSuchBucket"])
def test_an_object_that_is_gone_stays_so(rig: Rig, code: str) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(error("404 Not Found", code))] * 2

    for _ in range(2):
        assert rig.send().outcome == (410, "SOURCE_GONE")

    rig.assert_nothing_happened()
    assert len(rig.s3.asked) == 2


NOT_FOUND = {
    "a page": answer(b"<html>404 page not found</html>", "404 Not Found"),
    "nothing": answer(b"", "404 Not Found"),
    "another code": error("404 Not Found", "NoSuchWebsite"),
}


@pytest.mark.row("17b")
@pytest.mark.parametrize("data", NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_404_that_is_not_of_s3_is_not_taken_for_the_end_of_the_object(
    rig: Rig, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(data)] * 9

    assert rig.send().outcome == (503, "SOURCE_UNAVAILABLE")

    assert "does not prove that the object is gone" in caplog.text
    rig.s3.faults = []
    rig.assert_nothing_happened()
    rig.assert_heals(BODY)


@pytest.mark.row("17")
def test_the_landed_object_outlives_its_source(rig: Rig, body: bytes) -> None:
    rig.s3.put(KEY, body)
    old = rig.message()
    rig.send(old)
    held = rig.s3.objects.pop(KEY)

    assert rig.send(rig.message(ETag="another")).outcome == (410, "SOURCE_GONE")

    rig.s3.objects[KEY] = held
    rig.assert_landed(body)


@pytest.mark.row("18")
@pytest.mark.parametrize("landed", [False, True], ids=["nothing", "the newer object"])
def test_a_message_about_bytes_that_are_gone_changes_nothing(rig: Rig, landed: bool) -> None:
    rig.s3.put(KEY, BODY)
    old = rig.message()
    rig.s3.put(KEY, NEWER)
    if landed:
        rig.assert_heals(NEWER)

    late = rig.send(old)

    assert late.outcome == (200, "superseded")
    assert late.json["object"] is None
    if landed:
        rig.assert_landed(NEWER)
    else:
        rig.assert_nothing_happened()
        rig.assert_heals(NEWER)  # by its own message
    assert rig.send(old).outcome == (200, "superseded")
    rig.assert_landed(NEWER)


@pytest.mark.row("18")
def test_older_bytes_never_replace_newer_ones(rig: Rig, body: bytes) -> None:
    rig.s3.put(KEY, body, etag="old")
    old = rig.message()
    rig.send(old)
    rig.s3.put(KEY, NEWER)
    rig.assert_heals(NEWER)
    generation = rig.place.generation(NAME)

    for _ in range(3):
        assert rig.send(old).outcome == (200, "superseded")

    assert rig.place.generation(NAME) == generation
    rig.assert_landed(NEWER)


BUSY = {
    "429": (error("429 Too Many Requests", "TooManyRequests", Retry_After="7"), 7),
    "500": (error("500 Internal Server Error", "InternalError"), 5),
    "503": (error("503 Slow Down", "SlowDown", Retry_After="17"), 17),
    "503 for an hour": (error("503 Slow Down", "SlowDown", Retry_After="3600"), 30),
    "400": (error("400 Bad Request", "SlowDown", Retry_After="soon"), 5),
}


@pytest.mark.row("19")
@pytest.mark.parametrize(("data", "seconds"), BUSY.values(), ids=BUSY)
def test_a_busy_source_is_asked_once_more_and_no_oftener(
    rig: Rig, data: bytes, seconds: int
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(data)] * 2

    refusal = rig.send()

    assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
    assert refusal.retry_after == seconds
    assert len(rig.s3.asked) == 2
    rig.assert_nothing_happened()
    rig.assert_heals(BODY)


@pytest.mark.row("19")
@pytest.mark.parametrize(("data", "seconds"), BUSY.values(), ids=BUSY)
def test_a_source_that_was_busy_for_a_moment_is_landed_from(
    rig: Rig, data: bytes, seconds: int
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [says(data)]

    rig.assert_heals(BODY)
