"""What the second net logs of a name that would command a terminal: one harmless line."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import message_for
from tests.unit.transfer.house import A, House
from transfer import object_headers as names
from transfer.errors import NotifyUnavailable
from transfer.reconciling import BucketEvent, Reconciler

KEY = "\x1b[2J\theron\x85"
NAME = f"source/{KEY}"
SHOWN = r"source/\x1b[2J\theron\x85"


class OneEvent:
    """A subscription that delivers the same event, whatever becomes of it."""

    def pull(self) -> list[BucketEvent]:
        return [BucketEvent(NAME, "1")]

    def done(self, events: object) -> None: ...

    def delay(self, events: object, seconds: int) -> None: ...


def walk(reconciler: Reconciler) -> None:
    reconciler.walk()


def follow(reconciler: Reconciler) -> None:
    with suppress(NotifyUnavailable):
        reconciler.follow(OneEvent())


@pytest.fixture
def odd(house: House) -> House:
    house.topic.failures = [NotifyUnavailable("down")]
    with pytest.raises(NotifyUnavailable):
        house.landing().land(message_for(A, KEY))
    return house


def fail_once(house: House) -> None:
    house.topic.failures = [NotifyUnavailable("down")]


def work(house: House) -> None:
    house.topic.failures = []


def hold_other_bytes(house: House) -> None:
    there = house.store.store.stat(NAME)
    assert there is not None
    house.store.store.patch(NAME, there.token, {**there.metadata, names.CRC32C: "AAAAAA=="})


@pytest.mark.parametrize("look", [walk, follow])
@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (fail_once, "stays unannounced: down"),
        (work, "had landed unannounced and is announced now"),
        (hold_other_bytes, "holds other bytes than were verified and is not announced"),
    ],
)
def test_a_name_that_would_command_a_terminal_is_escaped(
    odd: House,
    look: Callable[[Reconciler], None],
    happen: Callable[[House], None],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    happen(odd)

    look(
        Reconciler(
            DirectoryStore(odd.folder), odd.topic, now=lambda: datetime(9999, 1, 1, tzinfo=UTC)
        )
    )

    (line,) = caplog.messages
    assert line.startswith(f"{SHOWN} {words}")
