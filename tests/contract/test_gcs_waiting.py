"""How long Cloud Storage's silence is waited for while an upload runs, with the default patience.

A server that stays silent is played, and so is the time: nothing here waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import pytest

from adapters.gcs_patience import DEFAULT, Patience
from adapters.gcs_upload import MAX_TRIES, SessionUpload
from adapters.kept_connections import Answer, Body, KeptConnections
from tests.contract.conftest import body_end, content_of, crc32c, pieces
from tests.fakes import FakeSource, message_for
from tests.unit.transfer.test_budget import Clock
from transfer.budget import Budget
from transfer.errors import StoreUnavailable, UploadLost
from transfer.integrity import Hashes
from transfer.reading import Reader
from transfer.source import SourceObject
from transfer.store import STEP
from transfer.streaming import send_body

DATA = content_of(1_500_000)
BODY = body_end(DATA)
UNFINISHED, DONE = Answer(308, {}, b""), Answer(200, {}, b"{}")
Replies = Callable[[str], Answer | None]


class Silence(KeptConnections):
    """Answers as told, by the Content-Range; where there is no answer, it waits for one."""

    def __init__(self, clock: Clock, replies: Replies) -> None:
        super().__init__()
        self._clock = clock
        self._replies = replies

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Body,
        timeout: tuple[float, float],
        *,
        repeatable: bool,
    ) -> Answer:
        for _ in body:
            pass
        found = self._replies(headers.get("Content-Range", method))
        if found is None:
            self._clock.now += timeout[1]
            raise TimeoutError
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def upload_of(clock: Clock, replies: Replies) -> SessionUpload:
    patience = replace(DEFAULT, clock=clock, sleep=clock.sleep)
    deadline = clock.now + 600
    connections = Silence(clock, replies)
    return SessionUpload(connections, "http://h/u", "landing", len(DATA), patience, deadline)


@pytest.fixture
def waited(clock: Clock) -> Callable[[], float]:
    began = clock.now
    return lambda: clock.now - began


def answers(status: Answer | None) -> Replies:
    """Only the question for the state of the upload is answered, if anything is."""
    return lambda what: status if what.startswith("bytes */") else None


def test_the_answer_to_a_body_is_waited_for_by_its_size(
    clock: Clock, waited: Callable[[], float]
) -> None:
    upload = upload_of(clock, answers(None))

    with pytest.raises(StoreUnavailable):
        upload.send(pieces(DATA, 0, BODY), 0, BODY)

    assert 10 < waited() <= 10 + BODY / (256 * 1024)


def test_the_state_of_an_upload_is_waited_for_as_other_answers_are(
    clock: Clock, waited: Callable[[], float]
) -> None:
    with pytest.raises(StoreUnavailable):
        upload_of(clock, answers(None)).persisted()

    assert 20 <= waited() < 21


@pytest.mark.parametrize(
    ("status", "seconds"), [(DONE, 12), (None, 33)], ids=["told", "silent as well"]
)
def test_an_end_whose_answer_is_lost_is_looked_up_within_half_a_minute(
    clock: Clock, waited: Callable[[], float], status: Answer | None, seconds: float
) -> None:
    upload = upload_of(clock, answers(status))

    with pytest.raises(UploadLost):
        upload.finish(DATA[BODY:], crc32c(DATA))

    assert waited() < seconds


def test_an_end_that_is_never_taken_is_given_up_within_a_minute(
    clock: Clock, waited: Callable[[], float]
) -> None:
    upload = upload_of(clock, answers(UNFINISHED))

    with pytest.raises(StoreUnavailable, match="did not take"):
        upload.finish(DATA[BODY:], crc32c(DATA))

    assert waited() < MAX_TRIES * 11 + 8


def test_an_end_that_is_never_taken_is_given_up_though_each_question_is_answered_late(
    clock: Clock, waited: Callable[[], float]
) -> None:
    questions = count()

    def every_second_one(what: str) -> Answer | None:
        return UNFINISHED if what.startswith("bytes */") and next(questions) % 2 else None

    with pytest.raises(StoreUnavailable, match="did not take"):
        upload_of(clock, every_second_one).finish(DATA[BODY:], crc32c(DATA))

    assert DEFAULT.upload_seconds <= waited() < DEFAULT.upload_seconds + 22


@pytest.mark.parametrize(
    ("status", "seconds"), [(UNFINISHED, 70), (None, 40)], ids=["nothing kept", "silent as well"]
)
def test_a_body_that_is_never_taken_is_given_up_soon(
    clock: Clock, waited: Callable[[], float], status: Answer | None, seconds: float
) -> None:
    upload = upload_of(clock, answers(status))
    budget = Budget(clock, clock.sleep)

    source, url = FakeSource(DATA), message_for(DATA).url

    def reopen(start: int) -> SourceObject:
        return source.open(url, None, start, budget.deadline)

    with pytest.raises(StoreUnavailable):
        send_body(Reader(None, reopen, Hashes({}), budget), upload, 0, len(DATA), budget)

    assert waited() < seconds


@pytest.mark.parametrize(
    ("size", "seconds"),
    [(0, 10), (STEP, 11), (4 * STEP, 14), (50 * STEP, 60), (2**40, 60)],
)
def test_more_bytes_are_waited_for_longer_but_not_for_ever(size: int, seconds: float) -> None:
    assert Patience(clock=Clock()).for_upload(size, 10**9) == (10, seconds)
