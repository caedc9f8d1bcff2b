"""The message is checked before anybody is asked: where its URL leads, and how large it is."""

from urllib.parse import quote

import pytest

from tests.faults.places import Place
from tests.faults.rig import BUCKET, KEY, Rig, body_of, running
from tests.servers.raw import RawServer, answer
from tests.servers.scripted_s3 import ScriptedS3, changed
from tests.unit.transfer.urls import query

BODY = body_of(1000)
PATH = f"/{BUCKET}/{quote(KEY)}"
REFUSED = {
    "another host": "https://evil.example{path}?{query}",
    "the metadata server": "http://169.254.169.254{path}?{query}",
    "a private address": "https://10.0.0.1{path}?{query}",
    "another port of the listed host": "http://127.0.0.1:1{path}?{query}",
    "the listed origin as a user name": "{origin}@evil.example{path}?{query}",
    "another bucket": "{origin}/other/{key}?{query}",
    "another key": "{origin}/pictures/other?{query}",
    "no signature": "{origin}{path}?x-id=GetObject",
    "an override": "{origin}{path}?{query}&response-content-type=text%2Fhtml",
    "a fragment": "{origin}{path}?{query}#x",
    "a pinned version": "{origin}{path}?{query}&versionId=v1",
}


@pytest.mark.row("5")
@pytest.mark.parametrize("template", REFUSED.values(), ids=REFUSED)
def test_a_url_that_leads_elsewhere_is_not_followed(rig: Rig, template: str) -> None:
    rig.s3.put(KEY, BODY)
    url = template.format(origin=rig.s3.origin, path=PATH, key=quote(KEY), query=query())

    refused = rig.send(rig.message(PresignedUrl=url, VersionId="v1"))

    assert refused.outcome == (400, "URL_REFUSED")
    assert refused.retry_after is None
    rig.assert_nothing_happened()
    assert rig.s3.connections == 0
    rig.assert_heals(BODY)  # with a good URL


def test_an_origin_that_is_not_listed_is_never_connected_to(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    with RawServer([answer(BODY)]) as trap:
        url = f"{trap.origin}{PATH}?{query()}"

        assert rig.send(rig.message(PresignedUrl=url)).outcome == (400, "URL_REFUSED")

        assert trap.connections == 0


@pytest.mark.parametrize("by", ["the message", "the source"])
def test_an_object_over_the_limit_is_refused_before_a_byte_moves(
    place: Place, s3: ScriptedS3, by: str
) -> None:
    s3.put(KEY, BODY)
    with running(place, s3, MAX_OBJECT_BYTES=str(len(BODY) - 1)) as rig:
        message = rig.message() if by == "the message" else rig.message(ContentLength=None)

        refused = rig.send(message)

        assert refused.outcome == (413, "OBJECT_TOO_LARGE")
        assert len(s3.asked) == (0 if by == "the message" else 1)
        rig.assert_nothing_happened()


@pytest.mark.row("21")
def test_an_object_over_the_limit_behind_a_smaller_message_is_refused(
    place: Place, s3: ScriptedS3
) -> None:
    s3.put(KEY, BODY)
    s3.faults = [changed(Content_Length="999999999")]
    with running(place, s3, MAX_OBJECT_BYTES="5000") as rig:
        assert rig.send().outcome == (413, "OBJECT_TOO_LARGE")

        rig.assert_nothing_happened()
        rig.assert_heals(BODY)


@pytest.mark.row("44")
@pytest.mark.parametrize("date", ["20010101T000000Z", "20990101T000000Z"])
def test_whether_a_url_is_out_of_time_is_left_to_s3(rig: Rig, date: str) -> None:
    """Our own clock may be wrong: nothing is decided by it."""
    rig.s3.put(KEY, BODY)
    url = f"{rig.s3.origin}{PATH}?{query(X_Amz_Date=date)}"

    assert rig.send(rig.message(PresignedUrl=url)).outcome == (200, "landed")

    rig.assert_landed(BODY)
