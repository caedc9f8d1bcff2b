"""The README's deployment section, followed line by line: what is there then, who saw the key."""

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml

from settings import read_settings
from tests.integration.deploy.conftest import README, README_TEARDOWN, ROOT, Followed, Step
from tests.integration.deploy.gcloud_flags import problems_of
from transfer.api_keys import find_api_key, parse_api_keys

PROJECT = "my-project"
STAYS = {"services", "bindings", "notifications", "deployed", "projects", "app", "app versions"}
ALERT = "Landfall: bytes from S3 were not what S3 promised"
ACCOUNT = "serviceAccount:landfall@my-project.iam.gserviceaccount.com"


def test_the_readme_leads_from_a_clone_to_production(followed: Followed) -> None:
    for step in followed.steps:
        assert step.ended.code == 0, f"{step.command}\n{step.ended.out}\n{step.ended.err}"
        assert not step.ended.err

    assert (followed.cloud.home / "make").read_text() == "lambda\n"
    assert (followed.cloud.home / "aws-stdin").read_text() == followed.cloud.key


def test_a_dry_run_shows_what_a_run_does_and_does_nothing(followed: Followed) -> None:
    dry, run = followed.step("deploy/gcp.sh", dry=True), followed.step("deploy/gcp.sh")

    def shown(text: str) -> list[str]:
        return [re.sub(r"/\S*/(?=\w+\.yaml)", "", line) for line in commands_in(text)]

    assert dry.changes == []
    assert dry.curls == []
    assert len(run.changes) > 30
    assert shown(run.ended.out) == 2 * shown(dry.ended.out)  # as the plan, and as it is done
    assert len(shown(dry.ended.out)) == len(run.changes)


def test_the_service_gets_least_rights(followed: Followed) -> None:
    rights = {
        (where, role)
        for where, member, role in (key.split() for key in followed.cloud.state["bindings"])
        if member == ACCOUNT
    }

    assert rights == {
        ("gs://my-project-landing", "roles/storage.objectUser"),
        ("landed", "roles/pubsub.publisher"),
        ("landed-finalized", "roles/pubsub.subscriber"),
        ("landfall-api-keys", "roles/secretmanager.secretAccessor"),
        ("my-project.appspot.com", "roles/servicemanagement.serviceController"),
        (PROJECT, "roles/artifactregistry.reader"),
        (PROJECT, "roles/cloudtrace.agent"),
        (PROJECT, "roles/logging.logWriter"),
        (PROJECT, "roles/monitoring.metricWriter"),
        (PROJECT, "roles/telemetry.writer"),
    }


def test_pubsub_may_move_dead_letters_and_nothing_is_lost_there(followed: Followed) -> None:
    agent = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    state = followed.cloud.state

    assert f"landed-dead-letters {agent} roles/pubsub.publisher" in state["bindings"]
    assert f"landed-worker {agent} roles/pubsub.subscriber" in state["bindings"]
    assert "landed-dead-letters" in state["pubsub subscriptions"]


def test_the_bucket_is_closed_and_tidies_up_parts(followed: Followed) -> None:
    changes = followed.step("deploy/gcp.sh").changes
    bucket = json.loads(followed.cloud.state["storage buckets"]["my-project-landing"])
    (rule,) = bucket["lifecycle_config"]["rule"]

    (create,) = [line for line in changes if line.startswith("storage buckets create")]
    assert "--location=europe-west2" in create
    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    assert rule["action"] == {"type": "Delete"}
    assert rule["condition"] == {"age": 7, "matchesPrefix": [".landfall/parts/"]}


def test_what_is_deployed_has_the_projects_names_and_the_clone_stays(followed: Followed) -> None:
    deployed = followed.cloud.state["deployed"]
    app, spec = yaml.safe_load(deployed["app.yaml"]), yaml.safe_load(deployed["openapi.yaml"])
    settings = read_settings(app["env_variables"])

    assert app["endpoints_api_service"]["name"] == spec["host"] == "my-project.appspot.com"
    assert settings.landing_bucket == "my-project-landing"
    assert settings.notification_topic == "projects/my-project/topics/landed"
    assert settings.source_buckets == ("images-*",)
    assert (
        settings.api_keys_secret == "projects/my-project/secrets/landfall-api-keys/versions/latest"
    )
    assert {"main.py", "requirements.txt", "handlers/app.py"} <= deployed.keys()
    assert not [name for name in deployed if name.startswith(("tests/", "deploy/", ".git/"))]
    assert 'host: "my-project.appspot.com"' in (ROOT / "openapi.yaml").read_text("utf-8")


def test_the_secret_holds_the_keys_digest_as_the_service_reads_it(followed: Followed) -> None:
    keys = parse_api_keys(followed.cloud.state["secrets"]["landfall-api-keys"])
    found = find_api_key(keys, followed.cloud.key)

    assert found is not None
    assert found.name == "lambda"


def test_the_key_is_shown_once_and_is_nowhere_else(followed: Followed) -> None:
    key, run = followed.cloud.key, followed.step("deploy/gcp.sh")
    told = [json.dumps(step.commands) + json.dumps(step.curls) for step in followed.steps]

    assert run.ended.out.count(key) == 1
    assert key not in run.ended.err + "".join(told)
    assert key not in (followed.cloud.home / "aws").read_text()
    assert key not in (followed.cloud.home / "gcloud.log").read_text()
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert digest not in run.ended.out


def test_it_ends_by_asking_the_service(followed: Followed) -> None:
    asked = [
        re.sub(r".*appspot.com", "", argv[-1]) for argv in followed.step("deploy/gcp.sh").curls
    ]

    lookup = "/objects?bucket=images-smoke-test&key=smoke-test"
    assert asked == ["/healthz", "/readyz", lookup, lookup]


def test_a_second_run_changes_nothing_and_shows_no_key(followed: Followed) -> None:
    followed.cloud.forget()
    command = followed.step("deploy/gcp.sh").command

    ended = followed.cloud.run("-c", command)  # and it does not ask

    assert ended.code == 0, ended.err
    assert followed.cloud.changes() == []
    assert "Nothing is to be changed." in ended.out
    assert followed.cloud.key not in ended.out + ended.err


@pytest.mark.parametrize("broken", ["secrets versions list", "secrets versions access"])
def test_keys_in_a_secret_that_cannot_be_read_are_not_replaced(
    followed: Followed, tmp_path: Path, broken: str
) -> None:
    cloud = followed.cloud.copy(tmp_path)
    (cloud.home / "broken").write_text(broken)

    ended = cloud.run("-c", followed.step("deploy/gcp.sh").command + " --key-name=b --yes")

    assert ended.code == 1
    assert cloud.changes() == []
    assert "Stopped: " in ended.err


def test_another_name_adds_another_key_and_a_deployment_of_the_same_is_not_repeated(
    followed: Followed, tmp_path: Path
) -> None:
    cloud = followed.cloud.copy(tmp_path)

    ended = cloud.run("-c", followed.step("deploy/gcp.sh").command + " --key-name=b --yes")

    assert ended.code == 0, ended.err
    assert [line.split(" --")[0] for line in cloud.changes()] == [
        "services api-keys create",
        "secrets versions add landfall-api-keys",
    ]
    keys = parse_api_keys(cloud.state["secrets"]["landfall-api-keys"])
    assert [key.name for key in keys] == ["lambda", "b"]
    # No terminal: a log may be read by others.
    assert not [key for key in cloud.state["services api-keys"].values() if key in ended.out]


def test_alerts_that_tell_nobody_are_given_the_channels_that_come_later(
    followed: Followed, tmp_path: Path
) -> None:
    cloud = followed.cloud.copy(tmp_path)
    channel = "projects/my-project/notificationChannels/1"
    cloud.make("alpha monitoring policies", "id-0", f"{ALERT}\tanother")

    ended = cloud.run(
        "-c", followed.step("deploy/gcp.sh").command + f" --yes --alert-channels={channel}"
    )

    assert ended.code == 0, ended.err
    policies = cloud.state["alpha monitoring policies"].values()
    told = [policy.partition("\t")[2] for policy in policies]
    assert told == ["another"] + [channel] * (len(told) - 1)
    assert len(told) > 1
    assert len(cloud.changes()) == len(told) - 1


def test_a_version_that_was_stopped_is_deployed_again(followed: Followed, tmp_path: Path) -> None:
    cloud = followed.cloud.copy(tmp_path)
    (version,) = cloud.state["app versions"]
    cloud.make("app versions", version, "STOPPED")  # as teardown.sh leaves it

    ended = cloud.run("-c", followed.step("deploy/gcp.sh").command + " --dry-run")

    assert ended.code == 0, ended.err
    assert "gcloud endpoints services deploy" in ended.out
    assert "gcloud app deploy" in ended.out


def test_teardown_removes_what_was_made(torn_down: Step) -> None:
    assert README_TEARDOWN in README.read_text("utf-8")
    assert torn_down.ended.code == 0, torn_down.ended.err
    assert {kind for kind, made in torn_down.state.items() if made} <= STAYS
    assert set(torn_down.state["app versions"].values()) == {"STOPPED"}
    assert torn_down.state["notifications"] == {"my-project-landing": "[]"}
    assert "App Engine cannot be deleted" in torn_down.ended.out


def test_gclouds_own_parser_takes_every_command(
    followed: Followed, torn_down: Step, tmp_path: Path
) -> None:
    commands = [argv for step in (*followed.steps, torn_down) for argv in step.commands]
    unknown = ["pubsub", "topics", "create", "landed", "--no-such-flag"]

    *problems, refused = problems_of([*commands, unknown], tmp_path)

    assert refused is not None
    assert "unrecognized arguments: --no-such-flag" in refused
    assert {" ".join(c): p for c, p in zip(commands, problems, strict=True) if p} == {}


def commands_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("  gcloud ")]
