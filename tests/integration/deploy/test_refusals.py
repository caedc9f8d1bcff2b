"""deploy/gcp.sh and deploy/teardown.sh in a project where something is not as it should be."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.integration.deploy.conftest import GCP, ROOT, TEARDOWN, Cloud, stand_in


def test_without_an_answer_nothing_is_changed(cloud: Cloud) -> None:
    ended = cloud.run(*GCP, stdin="")

    assert ended.code == 1
    assert cloud.changes() == []
    assert "nothing was changed" in ended.err


def test_a_step_that_fails_ends_it_and_says_what_to_do(cloud: Cloud) -> None:
    (cloud.home / "broken").write_text("storage buckets create")

    ended = cloud.run(*GCP, "--yes")

    assert ended.code == 1
    assert cloud.changes()[-1].startswith("storage buckets create")
    assert "Choose another with --bucket. Then run this again" in ended.err


def test_rights_that_a_new_account_cannot_get_yet_are_granted_later(cloud: Cloud) -> None:
    broken, naps = cloud.home / "broken", cloud.home / "sleep"
    broken.write_text("storage buckets add-iam-policy-binding")
    program = f"echo >>{naps}; [ $(wc -l <{naps}) -lt 3 ] || rm -f {broken}"
    stand_in(cloud.home, "sleep", f"#!/bin/sh\n{program}\n")

    ended = cloud.run(*GCP, "--yes")

    assert ended.code == 0, ended.err
    assert ended.out.count("Not taken yet") == 3
    assert any("roles/storage.objectUser" in binding for binding in cloud.state["bindings"])


def test_rights_that_are_never_granted_end_it(cloud: Cloud) -> None:
    (cloud.home / "broken").write_text("storage buckets add-iam-policy-binding")

    ended = cloud.run(*GCP, "--yes")

    assert ended.code == 1
    assert ended.out.count("Not taken yet") == 12
    assert "May you grant rights (roles/owner)? Then run this again" in ended.err


def test_a_bucket_with_objects_stays_unless_their_deletion_is_said(cloud: Cloud) -> None:
    cloud.make("storage buckets", "my-test-project-landing")
    (cloud.home / "objects").touch()

    ended = cloud.run(*TEARDOWN, "--yes")
    assert ended.code == 0
    assert "so it stays" in ended.out
    assert cloud.state["storage buckets"]

    cloud.run(*TEARDOWN, "--yes", "--delete-objects")
    assert not cloud.state["storage buckets"]


LOOKED_AT = [
    "alpha monitoring policies list",
    "monitoring dashboards list",
    "app describe",
    "app versions list",
    "endpoints services list",
    "services api-keys list",
    "secrets describe",
    "storage buckets notifications list",
    "pubsub subscriptions describe",
    "pubsub topics describe",
    "storage buckets describe",
    "storage ls",
    "storage buckets get-iam-policy",
    "iam service-accounts describe",
    "projects get-iam-policy",
]


@pytest.mark.parametrize("broken", LOOKED_AT)
def test_what_cannot_be_looked_at_is_not_taken_for_removed(cloud: Cloud, broken: str) -> None:
    cloud.make("app", "app")
    cloud.make("storage buckets", "my-test-project-landing")
    cloud.make("iam service-accounts", "landfall@my-test-project.iam.gserviceaccount.com")
    (cloud.home / "objects").touch()
    (cloud.home / "broken").write_text(broken)

    ended = cloud.run(*TEARDOWN, stdin="y\n")

    assert ended.code == 1
    assert "PERMISSION_DENIED" in ended.err
    assert "What cannot be looked at may still be there, and cost. May you" in ended.err
    assert cloud.changes() == []


FORBIDDEN = (
    "User [me] does not have permission to access secrets instance [s] (or it may not exist)"
)
UNCERTAIN = {
    "a login that is over": "There was a problem refreshing your current auth tokens",
    "no network": "Unable to find the server at secretmanager.googleapis.com",
    "no right": FORBIDDEN,
    "no right, or no service": "Service 's' not found or permission denied.",
    "a service that is off elsewhere": "The API has not been used in project 999 before",
    "another project that begins as ours": "SERVICE_DISABLED, consumer: projects/1234567890123",
    "no file of credentials": "The credential file /key.json does not exist",
    "no configuration": "The configuration [mine] does not exist.",
}


@pytest.mark.parametrize("said", UNCERTAIN.values(), ids=UNCERTAIN)
def test_an_error_that_leaves_it_open_ends_the_teardown(cloud: Cloud, said: str) -> None:
    (cloud.home / "broken").write_text(f"secrets describe\n{said}")

    ended = cloud.run(*TEARDOWN, "--yes")

    assert ended.code == 1
    assert said in ended.err


NUMBER = "123456789012"  # of the project
CERTAIN = {
    "no such thing": "NOT_FOUND: Secret [projects/1/secrets/s] not found.",
    "no such bucket": "HTTPError 404: The specified bucket does not exist.",
    "a service that is off": f"{FORBIDDEN}: The API has not been used in project {NUMBER} before",
    "the same by its code": f"SERVICE_DISABLED\n  consumer: projects/{NUMBER}\n",
    "the same by its name": "API [s] not enabled on project [my-test-project].",
}


@pytest.mark.parametrize("said", CERTAIN.values(), ids=CERTAIN)
def test_what_is_not_there_is_nothing_to_remove(cloud: Cloud, said: str) -> None:
    (cloud.home / "broken").write_text(f"secrets describe\n{said}")

    ended = cloud.run(*TEARDOWN, "--yes")

    assert (ended.code, ended.err) == (0, "")
    assert "Nothing is to be changed." in ended.out


def test_objects_stay_and_cost_while_their_service_is_off(cloud: Cloud) -> None:
    off = f"The API has not been used in project {NUMBER} before"
    (cloud.home / "broken").write_text(f"storage buckets describe\n{off}")

    ended = cloud.run(*TEARDOWN, "--yes")

    assert ended.code == 1
    assert off in ended.err


def test_other_keys_of_the_project_are_none_of_ours(cloud: Cloud) -> None:
    others = {"Browser key": "AIzaBrowser", "landfall-lambda-2": "AIzaLater"}
    for title, key in others.items():
        cloud.make("services api-keys", title, key)

    ended = cloud.run(*GCP, "--yes")
    assert ended.code == 0, ended.err
    assert cloud.state["services api-keys"].keys() == {*others, "landfall-lambda"}

    cloud.run(*TEARDOWN, "--yes")
    assert cloud.state["services api-keys"] == others


def test_the_scripts_pass_shellcheck() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"

    ended = subprocess.run(
        [shellcheck, "-x", "-a", "deploy/gcp.sh", "deploy/teardown.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout == ""
    assert ended.returncode == 0


def test_rules_that_a_bucket_has_are_not_replaced(cloud: Cloud) -> None:
    rules = (
        '{"lifecycle_config": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 9}}]}}'
    )
    cloud.make("storage buckets", "my-test-project-landing", rules)

    ended = cloud.run(*GCP, "--dry-run")

    assert "lifecycle rules of its own" in ended.out
    assert "--lifecycle-file" not in ended.out
    assert "update gs://my-test-project-landing --uniform-bucket-level-access" in ended.out


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ("  SOURCE_BUCKETS: a", "/objects?bucket=images-smoke-test&key=smoke-test"),
        (
            '  OBJECT_NAME: "{key}@{version_id}"',
            "/objects?bucket=images-smoke-test&key=smoke-test&versionId=smoke-test",
        ),
    ],
)
def test_the_service_is_asked_for_a_version_where_each_lands_on_its_own(
    cloud: Cloud, settings: str, asked: str
) -> None:
    cloud.make("app versions", "landfall-1", "SERVING")
    cloud.make("secrets", "landfall-api-keys", f'[{{"sha256": "{sha256(b"k").hexdigest()}"}}]')
    (cloud.home / "app.yaml").write_text(f"env_variables:\n{settings}\n")
    steps = "source deploy/steps/changing.sh; source deploy/steps/smoke_test.sh"
    names = f"host=h key=k source_buckets='images-*' project=p stage={cloud.home}"

    ended = cloud.run("-c", f"set -eu; {steps}; {names}; smoke_test")

    assert ended.code == 0, ended.err
    assert cloud.commands("curls.jsonl")[-1][-1] == f"https://h{asked}"
