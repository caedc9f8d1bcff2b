"""What follows when Landfall says that the object has changed since the forwarder's look."""

from typing import Any, cast

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Forwarder
from forwarder.message import MessageMaker
from tests.servers.raw import answer
from tests.servers.whole_s3 import Refused, WholeS3
from tests.unit.forwarder.clients import clients

ONE = S3Object("heron-meadow", "one", "eu-west-2", etag="of-the-event")
UNREADABLE = b"HTTP/1.1 200 OK\r\nContent-Length: word\r\n\r\n"


class Superseding:
    """A Landfall that finds other bytes whatever it is sent."""

    def __init__(self) -> None:
        self.etags: list[object] = []

    def send(self, message: dict[str, object], seconds: float) -> dict[str, Any]:
        self.etags.append(message.get("ETag"))
        return {"status": "superseded"}


def forwarded(landfall: Superseding) -> str:
    maker = MessageMaker(clients(), 3600)
    return Forwarder(maker, cast("Any", landfall)).forward(ONE, 60).status


@pytest.mark.parametrize(
    "head",
    [
        answer(b"12345"),
        answer(b"12345", Content_Type="text/html", ETag='"of-the-event"'),
        answer(ETag=None, Content_Type="text/html"),
    ],
    ids=["a cache's answer", "an old answer", "a portal's page"],
)
def test_what_s3_shows_unchanged_is_not_done_for_being_superseded(head: bytes, s3: WholeS3) -> None:
    s3.put("one", b"12345")
    s3.heads["one"] = head
    landfall = Superseding()

    with pytest.raises(NotForwarded, match="check whether a proxy or cache") as failed:
        forwarded(landfall)

    assert failed.value.reason == "SUPERSEDED"
    assert len(set(landfall.etags)) == 1
    assert len(landfall.etags) == 2


def test_what_only_the_event_says_may_be_old_so_superseded_is_done(s3: WholeS3) -> None:
    s3.put("one", b"12345")
    s3.heads["one"] = UNREADABLE
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")
    landfall = Superseding()

    assert forwarded(landfall) == "superseded"
    assert landfall.etags == ["of-the-event"] * 2
