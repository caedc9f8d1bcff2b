"""Connections to S3 that are kept: used again only when nothing can be left in them."""

import socket
import time

import pytest

from tests.contract.source_side import Side
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, Step, answer, reset, stall
from transfer.errors import SourceCorrupt, SourceUnavailable

ONE, TWO = answer(b"heron"), answer(b"meadow")
ETAG = "etag-1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["plain", "tls"])
def side(request: pytest.FixtureRequest, authority: Authority) -> Side:
    return Side(authority if request.param == "tls" else None)


def next_request(connection: socket.socket) -> None:
    """Wait, but not for long, until the client has asked for one more thing."""
    connection.settimeout(1)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = connection.recv(65536)
        if not received:
            raise OSError("hung up")
        head += received


def test_the_next_object_comes_on_the_same_connection(side: Side) -> None:
    with side.serve([ONE, next_request, TWO, next_request, ONE]) as server:
        bodies = [side.fetch(server, ETAG) for _ in range(3)]

        assert bodies == [b"heron", b"meadow", b"heron"]
        assert server.connections == 1


def test_an_empty_object_leaves_its_connection_clean(side: Side) -> None:
    with side.serve([answer(b""), next_request, TWO]) as server:
        assert side.fetch(server, ETAG) == b""
        assert side.fetch(server, ETAG) == b"meadow"
        assert server.connections == 1


def test_an_empty_object_that_nobody_reads_leaves_its_connection_clean(side: Side) -> None:
    with side.serve([answer(b""), next_request, TWO]) as server:
        opened = side.open(server, ETAG)
        opened.close()
        assert side.fetch(server, ETAG) == b"meadow"
        assert server.connections == 1


def test_a_connection_is_not_shared_by_two_who_read_at_once(side: Side) -> None:
    with side.serve([ONE, next_request, ONE], [TWO]) as server:
        with side.open(server, ETAG) as first, side.open(server, ETAG) as second:
            assert (first.read(99), second.read(99)) == (b"heron", b"meadow")
        assert server.connections == 2


def test_what_was_not_read_to_its_end_is_hung_up(side: Side) -> None:
    with side.serve([ONE, next_request, TWO]) as server:
        with side.open(server, ETAG) as opened:
            opened.read(2)

        assert side.fetch(server, ETAG) == b"heron"
        assert server.connections == 2


def test_an_answer_that_was_refused_is_hung_up(side: Side) -> None:
    strange = answer(b"heron", ETag='"other"')
    with side.serve([strange, next_request, ONE], [ONE]) as server:
        with pytest.raises(SourceCorrupt):
            side.fetch(server, ETAG)

        assert side.fetch(server, ETAG) == b"heron"
        assert server.connections == 2


def test_a_connection_with_a_surplus_is_never_asked_again(side: Side) -> None:
    with side.serve([ONE + 100_000 * b"x", next_request, TWO], [ONE]) as server:
        assert side.fetch(server, ETAG) == b"heron"
        time.sleep(0.05)

        assert side.fetch(server, ETAG) == b"heron"
        assert server.connections == 2


def test_a_surplus_that_was_received_with_the_body_goes_with_it(side: Side) -> None:
    with side.serve([ONE + ONE, next_request, TWO]) as server:
        assert side.fetch(server, ETAG) == b"heron"
        assert side.fetch(server, ETAG) == b"meadow"


def test_a_surplus_that_poses_as_the_next_answer_is_held_to_the_etag_asked_for(
    side: Side,
) -> None:
    """It can only arrive between our look at the connection and our question."""
    posing = answer(b"not what was asked for", ETag='"etag-0"')
    with side.serve([ONE, next_request, posing], [ONE]) as server:
        assert side.fetch(server, ETAG) == b"heron"

        with pytest.raises(SourceCorrupt):
            side.fetch(server, ETAG)


def test_a_message_without_an_etag_is_asked_on_a_fresh_connection(side: Side) -> None:
    with side.serve([ONE, next_request, ONE], [TWO]) as server:
        assert side.fetch(server) == b"heron"
        assert side.fetch(server) == b"meadow"
        assert server.connections == 2


@pytest.mark.parametrize(
    "ending", [[], [next_request], [next_request, reset()]], ids=["at rest", "asked", "reset"]
)
def test_a_connection_that_s3_hung_up_is_replaced_without_a_word(
    side: Side, ending: list[Step]
) -> None:
    with side.serve([ONE, *ending], [TWO]) as server:
        assert side.fetch(server, ETAG) == b"heron"
        time.sleep(0.05)

        assert side.fetch(server, ETAG) == b"meadow"
        assert server.connections == 2


def test_a_fresh_connection_that_is_hung_up_is_a_failure(side: Side) -> None:
    with side.serve([b""], [ONE]) as server:
        with pytest.raises(SourceUnavailable):
            side.fetch(server, ETAG)

        assert server.connections == 1


def test_another_origin_gets_a_connection_of_its_own(side: Side) -> None:
    with side.serve([ONE, next_request, ONE]) as server, side.serve([TWO]) as other:
        assert side.fetch(server, ETAG) == b"heron"
        assert side.fetch(other, ETAG) == b"meadow"
        assert (server.connections, other.connections) == (1, 1)


def test_a_kept_connection_is_not_cut_off_by_the_deadline_of_its_last_transfer(
    side: Side,
) -> None:
    with side.serve([ONE, next_request, TWO]) as server:
        assert side.fetch(server, ETAG, seconds=0.3) == b"heron"
        time.sleep(0.6)

        assert side.fetch(server, ETAG) == b"meadow"
        assert server.connections == 1


def test_a_surplus_that_tls_has_decrypted_already_is_no_answer(authority: Authority) -> None:
    side = Side(authority)
    # One record, of which the reader of the first answer takes 8 KiB.
    record = answer(b"heron" * 1600).ljust(8192, b"\n") + answer(b"", "412 Precondition Failed")
    with side.serve([record, stall()], [TWO]) as server:
        assert side.fetch(server, ETAG) == b"heron" * 1600

        assert side.fetch(server, ETAG) == b"meadow"
        assert server.connections == 2


def test_a_silent_kept_connection_is_cut_off_as_a_fresh_one_is(authority: Authority) -> None:
    side = Side(authority, header_seconds=0.3)
    with RawServer([ONE, next_request, next_request], tls=authority.server_context()) as server:
        assert side.fetch(server, ETAG) == b"heron"
        started = time.monotonic()

        with pytest.raises(SourceUnavailable):
            side.fetch(server, ETAG, seconds=60)

        assert time.monotonic() - started < 5
