"""What allows a transfer to run on, and what it ends with once that is over."""

import math
from collections.abc import Callable
from typing import Protocol

from transfer.errors import Draining, LandfallError


class Permit(Protocol):
    """Read again and again while a transfer runs, by several threads."""

    def ends(self) -> float:
        """When the transfer must end, as a time of `time.monotonic()`; it may come near."""

    def why_ended(self) -> LandfallError:
        """What it ends with then."""


class ProcessPermit:
    """Allows it until the process is about to end."""

    def __init__(self, ends: Callable[[], float]) -> None:
        self.ends = ends

    def why_ended(self) -> LandfallError:
        return draining()


class StoppablePermit:
    """Allows it as another permit does, until somebody stops it."""

    def __init__(self, permit: Permit, stopped: Callable[[], bool]) -> None:
        self._permit = permit
        self._stopped = stopped

    def ends(self) -> float:
        return -math.inf if self._stopped() else self._permit.ends()

    def why_ended(self) -> LandfallError:
        return self._permit.why_ended()


def draining() -> Draining:
    return Draining("This instance is about to end. Send the message again.", 1)
