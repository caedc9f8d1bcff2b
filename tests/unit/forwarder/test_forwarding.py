"""One object on its way: what is sent how often, and what counts as its outcome."""

from collections.abc import Callable
from typing import Any

import pytest

from forwarder.endpoint import Endpoint
from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.forwarding import Forwarder, Outcome
from forwarder.message import Message, MessageMaker

ONE = S3Object("heron-meadow", "one")


class Messages(MessageMaker):
    """Looks at an object that has these sizes in turn; None for one that is gone."""

    def __init__(self, *sizes: int | None) -> None:
        self._sizes = list(sizes)

    def message_about(self, wanted: S3Object) -> Message:
        size = self._sizes.pop(0)
        if size is None:
            raise ObjectGone
        if size < 0:
            return {"ObjectKey": wanted.key}
        return {"ObjectKey": wanted.key, "ContentLength": size, "ETag": f"of {size} bytes"}

    def message_as_listed(self, listed: S3Object, size: int) -> Message:
        return {"ObjectKey": f"{listed.key} as listed", "ContentLength": size}


class Landfall(Endpoint):
    """Gives these statuses in turn."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = list(statuses)
        self.sent: list[tuple[Message, dict[str, object]]] = []
        self.seconds: list[float] = []

    def send(self, message: Message, seconds: float, **beside: object) -> dict[str, Any]:
        self.sent.append((message, beside))
        self.seconds.append(seconds)
        return {"status": self._statuses.pop(0), "verified": ["size"]}


def test_the_outcome_has_the_size_and_landfalls_answer() -> None:
    landfall = Landfall("landed")

    outcome = Forwarder(Messages(7), landfall).forward(ONE, 30)

    assert outcome == Outcome("landed", 7, {"status": "landed", "verified": ["size"]})
    assert landfall.sent == [({"ObjectKey": "one", "ContentLength": 7, "ETag": "of 7 bytes"}, {})]
    assert 29 < landfall.seconds[0] <= 30


def test_a_size_that_s3_does_not_say_is_not_known() -> None:
    assert Forwarder(Messages(-1), Landfall("landed")).forward(ONE, 30).size is None
    assert Forwarder(Messages(0), Landfall("landed")).forward(ONE, 30).size == 0


def test_a_superseded_object_is_looked_at_and_sent_once_more() -> None:
    landfall = Landfall("superseded", "superseded", "landed")

    outcome = Forwarder(Messages(1, 2, 3), landfall).forward(ONE, 30)

    assert (outcome.status, outcome.size) == ("superseded", 2)
    assert len(landfall.sent) == 2


def test_an_object_that_s3_shows_unchanged_is_not_done_for_being_superseded_twice() -> None:
    landfall = Landfall("superseded", "superseded")

    with pytest.raises(NotForwarded, match="S3 named the same ETag twice") as failed:
        Forwarder(Messages(1, 1), landfall).forward(ONE, 30)

    assert failed.value.reason == "SUPERSEDED"


def test_an_object_that_goes_after_it_was_superseded_is_gone() -> None:
    assert Forwarder(Messages(1, None), Landfall("superseded")).forward(ONE, 30) == Outcome("gone")


@pytest.mark.parametrize("act", [Forwarder.forward, Forwarder.compare])
def test_an_object_that_is_gone_is_not_sent(
    act: Callable[[Forwarder, S3Object, float], Outcome],
) -> None:
    landfall = Landfall()

    assert act(Forwarder(Messages(None), landfall), ONE, 30) == Outcome("gone")
    assert landfall.sent == []


@pytest.mark.parametrize("seconds", [0, -1])
@pytest.mark.parametrize("act", [Forwarder.forward, Forwarder.compare])
def test_without_time_nothing_is_sent(
    act: Callable[[Forwarder, S3Object, float], Outcome], seconds: float
) -> None:
    landfall = Landfall()

    with pytest.raises(NotForwarded, match="no time left to send the message") as failed:
        act(Forwarder(Messages(1), landfall), ONE, seconds)

    assert failed.value.reason == "NO_TIME"
    assert landfall.sent == []


def test_a_little_time_is_enough_to_try() -> None:
    landfall = Landfall("landed")

    assert Forwarder(Messages(1), landfall).forward(ONE, 0.5).status == "landed"
    assert 0 < landfall.seconds[0] <= 0.5


def test_comparing_transfers_nothing_and_asks_once() -> None:
    landfall = Landfall("superseded")

    outcome = Forwarder(Messages(1), landfall).compare(ONE, 30)

    assert outcome.status == "superseded"
    [(message, beside)] = landfall.sent
    assert (message["ContentLength"], beside) == (1, {"validateOnly": True})


def test_comparing_by_a_list_does_not_look_at_the_object() -> None:
    landfall = Landfall("missing")

    outcome = Forwarder(Messages(), landfall).compare_as_listed(ONE, 9, 60)

    assert (outcome.status, outcome.size, outcome.answer["verified"]) == ("missing", 9, ["size"])
    [(message, beside)] = landfall.sent
    assert message == {"ObjectKey": "one as listed", "ContentLength": 9}
    assert beside == {"validateOnly": True}
    assert landfall.seconds == [60]
