"""The environment: each variable's default, good values, bad values, and all problems at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from settings import MAX_OBJECT_BYTES, read_settings
from tests.unit.environment import DIGEST, KEY, KEYS, LEAST, problems_of, read
from transfer.api_keys import ApiKey

ALL = (
    "LANDING_BUCKET",
    "NOTIFICATION_TOPIC",
    "API_KEYS",
    "API_KEYS_FILE",
    "API_KEYS_SECRET",
    "SOURCE_BUCKETS",
    "S3_ENDPOINTS",
    "S3_PARTITIONS",
    "OBJECT_NAME",
    "MAX_OBJECT_BYTES",
    "MAX_TRANSFERS",
    "PARALLEL_FROM_BYTES",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "METRICS_PORT",
    "HOST",
    "PORT",
)


def test_keys_and_buckets_are_enough_and_the_rest_has_defaults() -> None:
    settings = read()

    assert settings.landing_bucket == Path("var/bucket")
    assert settings.notification_topic == Path("var/notifications.db")
    assert settings.api_keys == (ApiKey("lambda", bytes.fromhex(DIGEST)),)
    assert settings.api_keys_secret is None
    assert settings.source_buckets == ("images-*",)
    assert settings.s3_endpoints == frozenset()
    assert settings.max_object_bytes == MAX_OBJECT_BYTES == 5_497_558_138_880
    assert settings.max_transfers == 16
    assert settings.parallel_from_bytes == 134_217_728
    assert settings.log_level == "INFO"
    assert (settings.log_format, settings.otlp_endpoint, settings.metrics_port) == 3 * (None,)
    assert settings.bind == "127.0.0.1:8080"


def test_an_empty_variable_counts_as_absent() -> None:
    empty = dict.fromkeys(ALL, "")

    assert read_settings(empty | LEAST).max_transfers == 16
    assert problems_of(empty) == problems_of({})


@pytest.mark.parametrize("name", ["K_SERVICE", "GAE_SERVICE", "GAE_INSTANCE", "GAE_ENV"])
def test_other_machines_reach_it_by_default_only_where_a_platform_runs_it(name: str) -> None:
    assert read(**{name: "x"}).bind == "0.0.0.0:8080"
    assert read(**{name: "x"}, HOST="::1").bind == "[::1]:8080"
    assert read(K_SERVICES="x", MY_GAE_ENV="x").bind == "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("host", "bind"),
    [
        ("0.0.0.0", "0.0.0.0:80"),
        ("::", "[::]:80"),
        ("[::1]", "[::1]:80"),
        ("0:0:0:0:0:0:0:1", "[::1]:80"),
        ("10.1.2.3", "10.1.2.3:80"),
        ("localhost", "127.0.0.1:80"),
    ],
)
def test_it_listens_where_host_says(host: str, bind: str) -> None:
    assert read(HOST=host, PORT="80").bind == bind


def test_foreign_variables_do_not_matter() -> None:
    assert read(PATH="/bin", landing_bucket="x", MAX_OBJECT="x").port == 8080


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("LANDING_BUCKET", "gs://landing", "landing_bucket", "landing"),
        ("LANDING_BUCKET", "gs://my.landing_zone-1", "landing_bucket", "my.landing_zone-1"),
        ("LANDING_BUCKET", "file:/srv/landing", "landing_bucket", Path("/srv/landing")),
        ("LANDING_BUCKET", "file:a b", "landing_bucket", Path("a b")),
        ("NOTIFICATION_TOPIC", "projects/p/topics/t", "notification_topic", "projects/p/topics/t"),
        ("NOTIFICATION_TOPIC", "sqlite:/srv/n.db", "notification_topic", Path("/srv/n.db")),
        ("SOURCE_BUCKETS", "*", "source_buckets", ("*",)),
        ("SOURCE_BUCKETS", "a-*, b.c ,Old_Bucket", "source_buckets", ("a-*", "b.c", "Old_Bucket")),
        ("SOURCE_BUCKETS", "img-[0-9]?", "source_buckets", ("img-[0-9]?",)),
        (
            "S3_ENDPOINTS",
            "http://127.0.0.1:9000, https://minio.example ,",
            "s3_endpoints",
            frozenset({"http://127.0.0.1:9000", "https://minio.example"}),
        ),
        ("S3_ENDPOINTS", "http://[::1]:9000", "s3_endpoints", frozenset({"http://[::1]:9000"})),
        ("MAX_OBJECT_BYTES", "1", "max_object_bytes", 1),
        ("MAX_OBJECT_BYTES", "5497558138880", "max_object_bytes", MAX_OBJECT_BYTES),
        ("PARALLEL_FROM_BYTES", "1", "parallel_from_bytes", 1),
        ("PARALLEL_FROM_BYTES", "5497558138880", "parallel_from_bytes", MAX_OBJECT_BYTES),
        ("MAX_TRANSFERS", "1", "max_transfers", 1),
        ("MAX_TRANSFERS", "200", "max_transfers", 200),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("LOG_LEVEL", "ERROR", "log_level", "ERROR"),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("GOOGLE_CLOUD_PROJECT", "my-project", "project", "my-project"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.example/", "otlp_endpoint", "https://c.example"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1]:4/x", "otlp_endpoint", "http://[::1]:4/x"),
        ("METRICS_PORT", "0", "metrics_port", None),
        ("METRICS_PORT", "9464", "metrics_port", 9464),
        ("PORT", "1", "port", 1),
        ("PORT", "65535", "port", 65535),
        (
            "API_KEYS_SECRET",
            "projects/p/secrets/s/versions/latest",
            "api_keys_secret",
            "projects/p/secrets/s/versions/latest",
        ),
    ],
)
def test_a_good_value_is_taken(name: str, text: str, field: str, value: object) -> None:
    environment = LEAST | {name: text}
    if name == "API_KEYS_SECRET":
        del environment["API_KEYS"]

    assert getattr(read_settings(environment), field) == value


@pytest.mark.parametrize("template", ["{key}", "{bucket}/{key}", "{key}@{version_id}", "a/{key}"])
def test_a_good_template_of_names_is_taken(template: str) -> None:
    assert read(OBJECT_NAME=template).object_name is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LANDING_BUCKET", "landing"),
        ("LANDING_BUCKET", "gs://"),
        ("LANDING_BUCKET", "gs://Landing"),
        ("LANDING_BUCKET", "gs://landing/prefix"),
        ("LANDING_BUCKET", "gs://landing "),
        ("LANDING_BUCKET", "s3://landing"),
        ("LANDING_BUCKET", "file:"),
        ("NOTIFICATION_TOPIC", "arrivals"),
        ("NOTIFICATION_TOPIC", "projects/p/topics/"),
        ("NOTIFICATION_TOPIC", "projects/p/topics/t/x"),
        ("NOTIFICATION_TOPIC", "projects/p/subscriptions/s"),
        ("NOTIFICATION_TOPIC", "sqlite:"),
        ("API_KEYS", "x"),
        ("API_KEYS", KEY),
        ("API_KEYS", DIGEST),
        ("API_KEYS", "[]"),
        ("API_KEYS", json.dumps([{"name": "lambda", "sha256": KEY}])),
        ("API_KEYS", json.dumps([{"name": KEY + " ", "sha256": DIGEST}])),
        ("API_KEYS", json.dumps([{"name": "lambda", "sha256": DIGEST, "expires": KEY}])),
        ("SOURCE_BUCKETS", ","),
        ("SOURCE_BUCKETS", "images,,models"),
        ("SOURCE_BUCKETS", "s3://images"),
        ("SOURCE_BUCKETS", "images models"),
        ("SOURCE_BUCKETS", "^images$"),
        ("S3_ENDPOINTS", "127.0.0.1:9000"),
        ("S3_ENDPOINTS", "http://127.0.0.1:9000/"),
        ("S3_ENDPOINTS", "http://127.0.0.1:9000/path"),
        ("S3_ENDPOINTS", "http://127.0.0.1:port"),
        ("S3_ENDPOINTS", "http://user@127.0.0.1:9000"),
        ("S3_ENDPOINTS", "http://Minio:9000"),
        ("S3_ENDPOINTS", "http://*.example"),
        ("S3_ENDPOINTS", "ftp://127.0.0.1"),
        ("S3_ENDPOINTS", "*"),
        ("OBJECT_NAME", "landed"),
        ("OBJECT_NAME", "{bucket}"),
        ("OBJECT_NAME", "{key"),
        ("OBJECT_NAME", "{key!r}"),
        ("OBJECT_NAME", "{region}/{key}"),
        ("MAX_OBJECT_BYTES", "0"),
        ("MAX_OBJECT_BYTES", "-1"),
        ("MAX_OBJECT_BYTES", "5497558138881"),
        ("MAX_OBJECT_BYTES", "5 GB"),
        ("MAX_OBJECT_BYTES", "1e9"),
        ("MAX_OBJECT_BYTES", "9" * 30),
        ("PARALLEL_FROM_BYTES", "0"),
        ("PARALLEL_FROM_BYTES", "128 MiB"),
        ("MAX_TRANSFERS", "0"),
        ("MAX_TRANSFERS", "many"),
        ("MAX_TRANSFERS", "10001"),
        ("LOG_LEVEL", "info"),
        ("LOG_LEVEL", "TRACE"),
        ("LOG_LEVEL", "20"),
        ("LOG_FORMAT", "JSON"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:secret@collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector?token=secret"),
        ("METRICS_PORT", "-1"),
        ("METRICS_PORT", "65535"),
        ("HOST", "all"),
        ("HOST", "*"),
        ("HOST", "example.com"),
        ("HOST", "127.0.0.1:8080"),
        ("HOST", "http://127.0.0.1"),
        ("HOST", "127.1"),
        ("HOST", "0"),
        ("HOST", "fe80::1%eth0"),
        ("HOST", "[127.0.0.1"),
        ("HOST", "224.0.0.1"),
        ("HOST", "unix:/tmp/x"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected(name: str, text: str) -> None:
    [problem] = problems_of(LEAST | {name: text})

    assert problem.startswith(f"{name} is wrong: ")
    assert problem.endswith(".")
    assert any(word in problem for word in ("it must", "it may", "it is not", "needs", "entry"))


def test_without_source_buckets_it_does_not_start() -> None:
    [problem] = problems_of({"API_KEYS": KEYS})

    assert problem.startswith("SOURCE_BUCKETS is not set: name the S3 buckets")


def test_all_problems_are_told_at_once() -> None:
    names = [name for name in ALL if name not in ("API_KEYS_FILE", "API_KEYS_SECRET")]

    problems = problems_of(dict.fromkeys(names, "?/?"))

    assert sorted(problem.split()[0] for problem in problems) == sorted(names)


def test_settings_do_not_change_and_hold_no_key() -> None:
    settings = read()

    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]
    assert KEY not in repr(settings)


def test_reading_settings_loads_no_framework_and_no_client() -> None:
    heavy = "flask werkzeug requests urllib3 google boto3 botocore grpc awscrt sqlite3 yaml socket"
    program = (
        "import json, settings, sys; "
        "settings.read_settings(json.loads(sys.argv[1])); "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(LEAST)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
