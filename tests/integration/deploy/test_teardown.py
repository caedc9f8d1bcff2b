"""deploy/teardown.sh removes what deploy/gcp.sh made, and no object unasked."""

from tests.integration.deploy.conftest import GCP, TEARDOWN, Cloud

STAYS = {"services", "bindings", "notifications", "deployed", "projects", "app", "app versions"}


def test_what_was_made_is_removed_after_a_yes(cloud: Cloud) -> None:
    assert cloud.run(*GCP, "--yes").code == 0
    cloud.forget()

    ended = cloud.run(*TEARDOWN, stdin="n\n")
    assert ended.code == 1
    assert cloud.changes() == []

    ended = cloud.run(*TEARDOWN, stdin="y\n")
    assert ended.code == 0, ended.err
    assert {kind for kind, made in cloud.state.items() if made} <= STAYS
    assert cloud.state["app versions"] == dict.fromkeys(cloud.state["app versions"], "STOPPED")
    assert cloud.state["notifications"] == {"my-test-project-landing": "[]"}
    assert "App Engine cannot be deleted" in ended.out


def test_a_bucket_with_objects_stays_unless_their_deletion_is_said(cloud: Cloud) -> None:
    cloud.make("storage buckets", "my-test-project-landing")
    (cloud.home / "objects").touch()

    ended = cloud.run(*TEARDOWN, "--yes")
    assert ended.code == 0
    assert "so it stays" in ended.out
    assert cloud.state["storage buckets"]

    cloud.run(*TEARDOWN, "--yes", "--delete-objects")
    assert not cloud.state["storage buckets"]
