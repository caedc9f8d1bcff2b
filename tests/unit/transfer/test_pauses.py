"""Messages that contradicted their object again wait before it is fetched once more."""

from dataclasses import replace

import pytest

from tests.fakes import message_for
from tests.unit.transfer.test_budget import Clock
from transfer.errors import SourceCorrupt, SourceUnavailable, WrongBytes
from transfer.message import Message
from transfer.pauses import MAX_SECONDS, MEMORY_SECONDS, Pauses
from transfer.presigned_url import PresignedUrl

MESSAGE = message_for(b"body")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses(clock: Clock) -> Pauses:
    return Pauses(clock)


def fail(pauses: Pauses, caller: str = "liar", message: Message = MESSAGE) -> int:
    """Find the message wrong; return after how many seconds it may come again."""
    with pytest.raises(SourceCorrupt, match="wrong") as failure, pauses.respected(caller, message):
        raise WrongBytes("wrong")
    assert failure.value.retry_after is not None
    return failure.value.retry_after


def is_fetched(pauses: Pauses, caller: str = "liar", message: Message = MESSAGE) -> bool:
    try:
        with pauses.respected(caller, message):
            raise SourceUnavailable("which proves nothing")
    except SourceCorrupt:
        return False
    except SourceUnavailable:
        return True


def test_the_first_failure_may_be_an_accident(pauses: Pauses) -> None:
    assert fail(pauses) == 5
    assert is_fetched(pauses)


def test_each_further_failure_in_a_row_doubles_the_pause(pauses: Pauses, clock: Clock) -> None:
    waits = []
    for _ in range(9):
        waits.append(fail(pauses))
        clock.now += waits[-1]

    assert waits == [5, 30, 60, 120, 240, 480, MAX_SECONDS, MAX_SECONDS, MAX_SECONDS]


def test_nothing_is_fetched_before_the_pause_is_over(pauses: Pauses, clock: Clock) -> None:
    fail(pauses)
    fail(pauses)
    clock.now += 10.5

    with (
        pytest.raises(SourceCorrupt, match="fetched again in 20 s") as refusal,
        pauses.respected("liar", MESSAGE),
    ):
        pytest.fail("it was fetched")

    assert refusal.value.retry_after == 20
    assert not is_fetched(pauses)
    clock.now += 19.5
    assert is_fetched(pauses)


def test_a_message_that_waits_does_not_wait_longer_for_it(pauses: Pauses, clock: Clock) -> None:
    fail(pauses)
    fail(pauses)
    for _ in range(10):
        assert not is_fetched(pauses)

    clock.now += 30
    assert is_fetched(pauses)


@pytest.mark.parametrize(
    ("caller", "message"),
    [
        ("another", MESSAGE),
        ("liar", message_for(b"another version")),
        ("liar", message_for(b"body", key="another")),
        ("liar", replace(MESSAGE, bucket="another")),
        (
            "liar",
            replace(
                MESSAGE,
                url=PresignedUrl("source", "a", None, {}, "http://[::1]:9", listed=True, _text=""),
            ),
        ),
    ],
    ids=["caller", "version", "key", "bucket", "origin"],
)
def test_no_other_message_waits(pauses: Pauses, caller: str, message: Message) -> None:
    fail(pauses)
    fail(pauses)

    assert is_fetched(pauses, caller, message)
    assert not is_fetched(pauses)


def test_a_success_makes_all_forgotten(pauses: Pauses, clock: Clock) -> None:
    fail(pauses)
    fail(pauses)
    clock.now += 30
    with pauses.respected("liar", MESSAGE):
        pass

    assert fail(pauses) == 5


def test_other_failures_are_neither_counted_nor_forgiven(pauses: Pauses) -> None:
    fail(pauses)
    for _ in range(5):
        assert is_fetched(pauses)

    assert fail(pauses) == 30


def test_what_the_headers_show_never_waits(pauses: Pauses) -> None:
    """As a wrong Content-Type, which the next message says right."""
    for _ in range(5):
        with pytest.raises(SourceCorrupt) as failure, pauses.respected("sender", MESSAGE):
            raise SourceCorrupt("another type")
        assert failure.value.retry_after == 5

    assert is_fetched(pauses, "sender")


def test_other_checksums_of_the_same_version_wait(pauses: Pauses) -> None:
    fail(pauses)
    fail(pauses)

    assert not is_fetched(pauses, message=replace(MESSAGE, checksums={"crc32": b"made"}))


def test_an_hour_without_failures_makes_all_forgotten(pauses: Pauses, clock: Clock) -> None:
    fail(pauses)
    fail(pauses)
    clock.now += MEMORY_SECONDS + 1

    assert fail(pauses) == 5


def test_the_longest_ago_is_forgotten_first(clock: Clock) -> None:
    pauses = Pauses(clock, max_entries=3)
    messages = [message_for(b"body", key=f"key-{n}") for n in range(4)]
    for message in messages:
        fail(pauses, message=message)
        fail(pauses, message=message)

    assert [is_fetched(pauses, message=each) for each in messages] == [True, False, False, False]
