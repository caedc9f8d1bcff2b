"""A project's values in copies of app.yaml and openapi.yaml."""

from pathlib import Path

import pytest
import yaml

from deploy.fill_in import fill_in_app, fill_in_spec

ROOT = Path(__file__).parents[3]
APP = (ROOT / "app.yaml").read_text("utf-8")
HOST, ACCOUNT = "shop-1.appspot.com", "landfall@shop-1.iam.gserviceaccount.com"
SETTINGS = {
    "LANDING_BUCKET": "gs://shop",
    "NOTIFICATION_TOPIC": "projects/shop-1/topics/landed",
    "SOURCE_BUCKETS": "images-*,models",
    "API_KEYS_SECRET": "projects/shop-1/secrets/landfall-api-keys/versions/latest",
}


def test_only_the_projects_values_change() -> None:
    before, after = yaml.safe_load(APP), yaml.safe_load(fill_in_app(APP, HOST, ACCOUNT, SETTINGS))

    assert after["endpoints_api_service"].pop("name") == HOST
    assert after.pop("service_account") == ACCOUNT
    assert {name: after["env_variables"].pop(name) for name in SETTINGS} == SETTINGS
    del before["endpoints_api_service"]["name"], before["service_account"]
    for name in SETTINGS:
        del before["env_variables"][name]
    assert after == before


def test_comments_stay() -> None:
    after = fill_in_app(APP, HOST, ACCOUNT, SETTINGS)

    assert [line.partition("#")[2] for line in after.splitlines()] == [
        line.partition("#")[2] for line in APP.splitlines()
    ]


def test_the_spec_gets_the_host_and_nothing_else() -> None:
    spec = (ROOT / "openapi.yaml").read_text("utf-8")

    assert yaml.safe_load(fill_in_spec(spec, HOST)) == yaml.safe_load(spec) | {"host": HOST}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  SOURCE_BUCKETS:", "  SOURCE_BUCKET:"),
        ("  SOURCE_BUCKETS:", "  SOURCE_BUCKETS: a\n  SOURCE_BUCKETS:"),
        ("endpoints_api_service:", "endpoints:"),
        ("service_account:", "account:"),
    ],
)
def test_a_value_without_its_one_place_is_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="There must be one place"):
        fill_in_app(APP.replace(old, new), HOST, ACCOUNT, SETTINGS)


def test_a_placeholder_that_would_be_deployed_is_refused() -> None:
    app = APP + '  FURTHER: "projects/my-project/topics/further"\n'

    with pytest.raises(ValueError, match="still holds my-project"):
        fill_in_app(app, HOST, ACCOUNT, SETTINGS)
