"""The settings that say which buckets are whose: partitions, endpoints, and what keys may land."""

import json

import pytest

from settings import read_settings
from tests.unit.environment import DIGEST, LEAST, problems_of, read

TWO_KEYS = [
    {"name": "images", "sha256": DIGEST, "buckets": ["images-*"]},
    {"name": "models", "sha256": 64 * "5", "buckets": ["models"]},
]
TENANTS = {"API_KEYS": json.dumps(TWO_KEYS), "SOURCE_BUCKETS": "*"}


@pytest.mark.parametrize(
    ("text", "partitions"),
    [("", {"aws"}), ("aws-cn", {"aws-cn"}), ("aws, aws-us-gov", {"aws", "aws-us-gov"})],
)
def test_other_partitions_than_aws_must_be_named(text: str, partitions: set[str]) -> None:
    assert read(S3_PARTITIONS=text).s3_partitions == partitions


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("S3_PARTITIONS", "amazon"),
        ("S3_PARTITIONS", "aws,"),
        ("S3_ENDPOINTS", "http://[::1::]:9000"),
        ("S3_ENDPOINTS", "http://127.0.0.1:65536"),
    ],
)
def test_what_is_no_origin_is_refused(name: str, text: str) -> None:
    [problem] = problems_of(LEAST | {name: text})

    assert problem.startswith(f"{name} is wrong: it must be ")


@pytest.mark.parametrize("template", ["{key}", "{bucket}-{key}"])
def test_keys_whose_objects_could_meet_are_a_problem_with_a_way_out(template: str) -> None:
    [problem] = problems_of(TENANTS | {"OBJECT_NAME": template})

    assert problem.startswith(
        "The API keys do not fit the other settings: the keys images and models differ in buckets"
    )
    assert problem.endswith("or give all keys the same buckets.")
    assert read_settings(TENANTS).object_name.keeps_buckets_apart


def test_a_key_may_name_no_origin_that_the_service_does_not_take() -> None:
    keys = json.dumps([{"name": "china", "sha256": DIGEST, "origins": ["aws-cn"]}])

    [problem] = problems_of({"API_KEYS": keys, "SOURCE_BUCKETS": "*"})

    assert "names origins that this service does not take: aws-cn; " in problem
    assert "add them to S3_PARTITIONS or S3_ENDPOINTS" in problem
    read_settings({"API_KEYS": keys, "SOURCE_BUCKETS": "*", "S3_PARTITIONS": "aws,aws-cn"})
