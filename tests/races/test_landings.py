"""One worker's answer is held back at a step, and meanwhile another worker passes."""

from tests.races.stage import Stage


def test_a_slow_worker_never_puts_older_bytes_over_newer_ones(stage: Stage) -> None:
    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("open", newer_lands)

    assert stage.status("A") == "superseded"
    stage.assert_there("B")
    stage.assert_announced("B")


def test_an_upload_that_began_before_another_landing_cannot_end_after_it(stage: Stage) -> None:
    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("create", newer_lands)

    assert stage.status("A") == "superseded"
    stage.assert_there("B")
    stage.assert_announced("B")


def test_a_worker_that_saw_nothing_there_does_not_land_twice(stage: Stage) -> None:
    stage.hold("stat", lambda: stage.status("A"))

    assert stage.status("A") == "already-landed"
    stage.assert_there("A")
    stage.assert_announced("A")


def test_a_worker_that_saw_an_older_version_there_does_not_replace_a_newer(stage: Stage) -> None:
    stage.status("A")
    stage.write("B")

    def newest_lands() -> None:
        stage.write("C")
        assert stage.status("C") == "landed"

    stage.hold("stat", newest_lands)

    assert stage.status("B") == "superseded"
    stage.assert_there("C")
    stage.assert_announced("A", "C")


def test_of_two_equal_messages_at_their_last_write_one_lands(stage: Stage) -> None:
    answers = []
    stage.hold("open", lambda: answers.append(stage.status("A")))

    assert [*answers, stage.status("A"), *answers] == ["already-landed", "landed"]
    stage.assert_there("A")
    stage.assert_announced("A")


def test_a_version_put_back_is_not_lost_to_a_slower_worker(stage: Stage) -> None:
    stage.status("A")
    stage.write("B")

    def put_back() -> None:
        stage.write("A")
        assert stage.status("A") == "already-landed"

    stage.hold("open", put_back)

    assert stage.status("B") == "superseded"
    stage.assert_there("A")
    stage.assert_announced("A")


def test_a_version_put_back_lands_again_over_one_whose_worker_waits(stage: Stage) -> None:
    stage.status("A")
    stage.write("B")

    def put_back() -> None:
        stage.write("A")
        assert stage.status("A") == "landed"

    stage.hold("finish", put_back)

    assert stage.status("B") == "landed"  # and gave way to a newer one
    stage.assert_there("A")
    stage.assert_announced("A", "B", "A", copies=1)


def test_a_message_that_names_no_version_does_not_undo_an_overwrite(stage: Stage) -> None:
    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("open", newer_lands)

    assert stage.status(None) == "already-landed"
    stage.assert_there("B")
    stage.assert_announced("B")


def test_a_late_mark_leaves_a_newer_version_alone(stage: Stage) -> None:
    def newer_lands() -> None:
        stage.write("B")
        assert stage.status("B") == "landed"

    stage.hold("publish", newer_lands)

    assert stage.status("A") == "landed"  # and gave way to a newer one
    stage.assert_there("B")
    stage.assert_announced("A", "B", copies=1)


def test_a_repeat_passes_between_the_announcement_and_the_mark(stage: Stage) -> None:
    answers = []
    stage.hold("publish", lambda: answers.append(stage.status("A")))

    assert [stage.status("A"), *answers] == ["landed", "already-landed"]
    stage.assert_there("A")
    stage.assert_announced("A", copies=1)
