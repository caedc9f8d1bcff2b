"""What comes in small pieces is waited for, so that a byte does not cost as much as a block."""

import io
import socket
from collections.abc import Iterable
from typing import cast

import pytest

from adapters.small_pieces import PAUSE_SECONDS, READS, SMALL_BYTES, Gathering


class Pieces(io.RawIOBase):
    """Each read brings the next piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def makefile(self, *_: object, **__: object) -> "Pieces":
        return self

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray") -> int:  # type: ignore[override]
        piece = next(self._pieces, b"")
        buffer[: len(piece)] = piece
        return len(piece)


def pauses_in(pieces: list[bytes]) -> list[float]:
    pauses: list[float] = []
    wire = cast("socket.socket", Pieces(pieces))
    with io.BufferedReader(Gathering(wire, pauses.append)) as reader:
        assert reader.read() == b"".join(pieces)
    return pauses


@pytest.mark.parametrize("length", [1, SMALL_BYTES - 1])
def test_small_pieces_are_gathered(length: int) -> None:
    assert pauses_in(4 * READS * [length * b"x"]) == 4 * [PAUSE_SECONDS]


def test_pieces_of_a_usual_size_are_not_waited_for() -> None:
    assert pauses_in(4 * READS * [SMALL_BYTES * b"x"]) == []


def test_a_few_small_pieces_are_not_waited_for() -> None:
    assert pauses_in((READS - 1) * [b"x"]) == []


def test_small_pieces_among_large_ones_are_not_waited_for() -> None:
    """TLS may send the first byte of each block in a record of its own."""
    assert pauses_in(2 * READS * [b"x", 4 * SMALL_BYTES * b"y"]) == []


def test_a_connection_is_let_go_with_its_reader() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        reader = Gathering(ours)
        ours.close()
        assert ours.fileno() != -1
        reader.close()
        assert ours.fileno() == -1
