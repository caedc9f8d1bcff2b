"""The reconciler at work on an object on which workers act too."""

from tests.races.stage import Stage
from transfer.reconciling import Finding


def test_it_and_a_repeat_announce_one_landing(stage: Stage) -> None:
    stage.die("A", after="finish")
    answers = []
    stage.hold("stat", lambda: answers.append(stage.status("A")))

    assert stage.look() is Finding.ANNOUNCED
    assert answers == ["already-landed"]
    stage.assert_there("A")
    stage.assert_announced("A", copies=1)


def test_it_announces_what_a_newer_version_has_replaced_by_then(stage: Stage) -> None:
    stage.die("A", after="finish")

    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("publish", newer_lands)

    assert stage.look() is Finding.ANNOUNCED
    stage.assert_there("B")
    stage.assert_announced("A", "B", copies=1)


def test_its_mark_makes_a_slower_worker_look_again(stage: Stage) -> None:
    """As each mark does: the worker could not know that the object is announced by now."""
    stage.die("A", after="finish")
    stage.write("B")
    stage.hold("stat", stage.look)

    assert stage.status("B") == "landed"
    stage.assert_there("B")
    stage.assert_announced("A", "B", copies=1)
