"""The races see what is wrong: each mistake is caught by the one that is meant for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutants import ports, protocol
from tests.mutants.code import Code
from tests.races import test_landings as landings
from tests.races import test_lost_answers as lost
from tests.races import test_second_net as net
from tests.races.conftest import LARGE
from tests.races.places import Directory
from tests.races.stage import Stage
from transfer.errors import LandfallError

Race = Callable[[Stage], None]
CAUGHT: dict[str, tuple[Code, Race]] = {
    "no precondition": (
        Code(store=ports.Unconditional),
        landings.test_a_slow_worker_never_puts_older_bytes_over_newer_ones,
    ),
    "a token read after the source": (
        Code(landing=protocol.ReadsTheTokenLate),
        landings.test_a_slow_worker_never_puts_older_bytes_over_newer_ones,
    ),
    "a 412 taken for success": (
        Code(landing=protocol.TakesRefusalForSuccess),
        landings.test_an_upload_that_began_before_another_landing_cannot_end_after_it,
    ),
    "a 412 taken for superseded": (
        Code(landing=protocol.TakesRefusalForSuperseded),
        landings.test_of_two_equal_messages_at_their_last_write_one_lands,
    ),
    "no look at what is there after a 412": (
        Code(landing=protocol.SkipsTheLookAfterRefusal),
        landings.test_of_two_equal_messages_at_their_last_write_one_lands,
    ),
    "a repeat that touches nothing": (
        Code(landing=protocol.NeverTouches),
        landings.test_a_version_put_back_is_not_lost_to_a_slower_worker,
    ),
    "a precondition on the generation alone": (
        Code(store=ports.GenerationOnly),
        landings.test_a_version_put_back_is_not_lost_to_a_slower_worker,
    ),
    "a late mark on whatever is there": (
        Code(landing=protocol.MarksWhateverIsThere),
        landings.test_a_late_mark_leaves_a_newer_version_alone,
    ),
    "no If-Match": (
        Code(source=ports.Unpinned),
        lost.test_a_worker_that_died_unheard_is_announced_by_the_next_version,
    ),
    "a predecessor that is not helped": (
        Code(landing=protocol.NeverHelps),
        lost.test_a_worker_that_died_unheard_is_announced_by_the_next_version,
    ),
    "a predecessor that is only marked": (
        Code(landing=protocol.OnlyMarksThePredecessor),
        lost.test_two_workers_that_died_unheard_are_both_announced,
    ),
    "a repeat that announces nothing": (
        Code(landing=protocol.RepeatsInSilence),
        lost.test_a_landing_whose_answer_is_lost_is_found_at_the_destination,
    ),
    "a lost answer taken for success": (
        Code(landing=protocol.TakesDoubtForSuccess),
        lost.test_a_landing_whose_answer_is_lost_is_announced_though_another_replaces_it,
    ),
    "success without an acknowledgement": (
        Code(landing=protocol.IgnoresLostAcknowledgements),
        lost.test_a_lost_acknowledgement_is_no_success_and_the_next_version_announces_again,
    ),
    "a reconciler that finds nothing": (
        Code(reconciler=protocol.BlindReconciler),
        net.test_it_announces_what_a_newer_version_has_replaced_by_then,
    ),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_a_race_shows(name: str, tmp_path: Path) -> None:
    code, race = CAUGHT[name]
    race(Stage(Directory(tmp_path / "right"), LARGE))

    with pytest.raises((AssertionError, LandfallError, pytest.fail.Exception)):
        race(Stage(Directory(tmp_path / "wrong"), LARGE, code))
