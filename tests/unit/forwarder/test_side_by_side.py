"""Objects at the same time: no failure stops the others, and none takes more than its time."""

import logging
import threading

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Forwarder, Outcome
from forwarder.side_by_side import forward_all

SECRET = "https://heron.example/?X-Amz-Signature=canary"


class Fake(Forwarder):
    """Does to each object what its key says."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.together = threading.Barrier(10)
        self.over = threading.Event()

    def forward(self, wanted: S3Object, seconds: float) -> Outcome:
        self.seconds.append(seconds)
        match wanted.key:
            case "fails":
                raise NotForwarded("OVERLOADED", "no room")
            case "breaks":
                raise ValueError(SECRET)
            case "meets":
                self.together.wait(10)
            case "hangs":
                self.over.wait(10)
        return Outcome("landed", len(wanted.key))


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests start the logging of the function, which keeps its lines to itself."""
    monkeypatch.setattr(logging.getLogger("forwarder"), "propagate", True)


def objects(*keys: str) -> list[S3Object]:
    return [S3Object("heron-meadow", key) for key in keys]


def reason(result: Outcome | NotForwarded) -> str:
    return result.reason if isinstance(result, NotForwarded) else result.status


def test_all_are_tried_and_come_back_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    wanted = objects("a", "fails", "bb", "breaks", "ccc")
    fake = Fake()

    tried = forward_all(fake, wanted, 30, "r1")

    assert [one.one for one in tried] == wanted
    assert [reason(one.result) for one in tried] == [
        "landed", "OVERLOADED", "landed", "UNEXPECTED", "landed",
    ]  # fmt: skip
    assert all(0 <= one.seconds < 10 for one in tried)
    assert all(20 < seconds <= 30 for seconds in fake.seconds)


def test_each_is_told_with_the_invocation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "forwarder")

    forward_all(Fake(), objects("a", "fails"), 30, "r1")

    fields = [record.__dict__["fields"] for record in caplog.records]
    assert {one["key"]: (one["status"], one["requestId"]) for one in fields} == {
        "a": ("landed", "r1"),
        "fails": ("failed", "r1"),
    }


def test_an_unknown_error_shows_where_it_was_raised_but_not_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [one] = forward_all(Fake(), objects("breaks"), 30, None)

    assert str(one.result) == "unexpected ValueError: please report it"
    assert "test_side_by_side.py" in caplog.text
    assert "canary" not in caplog.text + str(one.result)


def test_ten_are_on_their_way_at_once() -> None:
    tried = forward_all(Fake(), objects(*["meets"] * 10), 30, None)

    assert {reason(one.result) for one in tried} == {"landed"}


@pytest.mark.parametrize(("seconds", "becomes"), [(2.9, "NO_TIME"), (3.5, "landed")])
def test_with_too_little_time_none_is_begun(seconds: float, becomes: str) -> None:
    fake = Fake()

    [one] = forward_all(fake, objects("a"), seconds, None)

    assert reason(one.result) == becomes
    assert len(fake.seconds) == (becomes == "landed")
    if becomes == "NO_TIME":
        assert "to begin: if it happens often, raise the timeout" in str(one.result)


def test_without_any_time_each_is_told_so() -> None:
    tried = forward_all(Fake(), objects(*"abcdefghijklmnopqrstuvwxyz"), -5, None)

    assert all("no time left in this invocation to begin" in str(one.result) for one in tried)


def test_what_hangs_fails_when_the_time_is_over_and_no_more_is_begun(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = Fake()

    done, *hung, late = forward_all(fake, objects("a", *["hangs"] * 10, "late"), 3.1, "r1")

    fake.over.set()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(10)
    assert reason(done.result) == "landed"
    assert {(reason(one.result), one.seconds) for one in [*hung, late]} == {("NO_TIME", 3.1)}
    assert len(fake.seconds) == 11
    told = [r.getMessage() for r in caplog.records if r.__dict__["fields"]["key"] == "late"]
    assert len(told) == 1
    assert "no time left in this invocation to end" in told[0]
