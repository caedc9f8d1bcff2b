"""A permit that can be stopped ends at once when it is, and until then as the one beneath it."""

import math

from transfer.errors import Draining
from transfer.permit import StoppablePermit


class Beneath:
    def ends(self) -> float:
        return 30.0

    def why_ended(self) -> Draining:
        return Draining("beneath", 1)


def test_a_stopped_permit_has_ended_and_gives_the_reason_of_the_one_beneath() -> None:
    stopped: list[bool] = []
    permit = StoppablePermit(Beneath(), lambda: bool(stopped))

    assert permit.ends() == 30.0
    stopped.append(True)

    assert permit.ends() == -math.inf
    assert str(permit.why_ended()) == "beneath"
