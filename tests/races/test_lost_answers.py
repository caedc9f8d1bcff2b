"""An answer gets lost, or its worker dies, and others act before the message comes again."""

import pytest

from tests.races.stage import Stage
from transfer.errors import NotifyUnavailable


def test_a_worker_that_died_unheard_is_announced_by_the_next_version(stage: Stage) -> None:
    stage.die("A", after="finish")
    stage.write("B")

    assert [stage.status(version) for version in "BA"] == ["landed", "superseded"]
    stage.assert_there("B")
    stage.assert_announced("A", "B")


def test_two_workers_that_died_unheard_are_both_announced(stage: Stage) -> None:
    for version in "AB":
        stage.write(version)
        stage.die(version, after="finish")
    stage.write("C")

    assert [stage.status(version) for version in "CBA"] == ["landed", "superseded", "superseded"]
    stage.assert_there("C")
    stage.assert_announced("A", "B", "C")


def test_a_worker_that_died_before_its_mark_is_announced_once_more(stage: Stage) -> None:
    stage.die("A", after="publish")

    assert stage.status("A") == "already-landed"
    stage.assert_there("A")
    stage.assert_announced("A", copies=1)


def test_a_landing_whose_answer_is_lost_is_announced_though_another_replaces_it(
    stage: Stage,
) -> None:
    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("finish", newer_lands, lose=True)

    assert stage.status_at_last("A") == "superseded"
    stage.assert_there("B")
    stage.assert_announced("A", "B")


def test_a_landing_whose_answer_is_lost_is_found_at_the_destination(stage: Stage) -> None:
    stage.hold("finish", lambda: None, lose=True)

    assert stage.status("A") == "already-landed"
    assert len(stage.source.asked) == 1
    stage.assert_there("A")
    stage.assert_announced("A")


def test_a_lost_acknowledgement_is_no_success_and_the_next_version_announces_again(
    stage: Stage,
) -> None:
    stage.hold("publish", lambda: None, lose=True)
    with pytest.raises(NotifyUnavailable):
        stage.land("A")
    stage.write("B")

    assert [stage.status(version) for version in "BA"] == ["landed", "superseded"]
    stage.assert_there("B")
    stage.assert_announced("A", "B", copies=1)


def test_a_mark_whose_answer_is_lost_is_made_again(stage: Stage) -> None:
    stage.status("A")
    stage.hold("patch", lambda: None, lose=True)

    assert stage.status_at_last("A") == "already-landed"
    stage.assert_there("A")
    stage.assert_announced("A")


def test_a_mark_whose_answer_is_lost_does_not_hide_a_newer_version(stage: Stage) -> None:
    stage.status("A")

    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("patch", newer_lands, lose=True)

    assert stage.status_at_last("A") == "superseded"
    stage.assert_there("B")
    stage.assert_announced("A", "B")


def test_a_predecessors_mark_whose_answer_is_lost_keeps_nobody_from_landing(stage: Stage) -> None:
    stage.die("A", after="finish")
    stage.write("B")
    stage.hold("patch", lambda: None, lose=True)

    assert stage.status_at_last("B") == "landed"
    stage.assert_there("B")
    stage.assert_announced("A", "B")
