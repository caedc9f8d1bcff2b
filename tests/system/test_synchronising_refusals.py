"""Bad input to forwarder.sync and forwarder.send: what happened, and what to do about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.backends import Embedded
from tests.system.conftest import REGION
from tests.system.service import API_KEY, serving
from tests.system.synchronising import House, running

OBJECTS = {"a b+c": b"1", "d": b"2", "large": b"x" * 1001}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("refusals"), {"heron-meadow": OBJECTS}) as house:
        yield house


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"ENDPOINT_API_KEY": "wrong"}, ["API_KEY_INVALID", "ENDPOINT_API_KEY"]),
        ({"ENDPOINT_API_KEY": ""}, ["set ENDPOINT_API_KEY"]),
        ({"ENDPOINT_URL": "http://landfall.example/processmessage"}, ["set ENDPOINT_URL"]),
        ({"ENDPOINT_URL": "{landfall}/wrong"}, ["404", "check ENDPOINT_URL"]),
        ({"ENDPOINT_URL": "{landfall}/healthz"}, ["405", "check ENDPOINT_URL"]),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, ["SignatureDoesNotMatch", "renew"]),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, ["no AWS credentials"]),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, ["check the network"]),
    ],
)
def test_what_is_wrong_for_every_object_ends_the_run(
    house: House, environment: dict[str, str], told: list[str]
) -> None:
    here = {"landfall": f"http://127.0.0.1:{house.service.port}", "s3": house.s3.endpoint}
    changes = {name: value.format(**here) for name, value in environment.items()}

    ended = house.run("forwarder.sync", "s3://heron-meadow", **changes)

    assert (ended.code, ended.out) == (2, "")
    for words in told:
        assert words in ended.err
    assert "Traceback" not in ended.err
    assert house.landed("heron-meadow") == {}


def test_an_endpoint_that_is_not_landfall_ends_the_run_once_several_objects_have_met_it(
    house: House,
) -> None:
    ended = house.run(
        "forwarder.sync", "s3://heron-meadow", ENDPOINT_URL=f"{house.s3.endpoint}/heron-meadow"
    )

    assert (ended.code, ended.summary) == (2, "2 failed")
    assert "3 objects failed and none got through" in ended.err
    assert "check ENDPOINT_URL" in ended.err
    assert "Traceback" not in ended.err
    assert house.landed("heron-meadow") == {}


def test_a_failures_file_that_cannot_be_written_is_told_before_anything_is_done(
    house: House,
) -> None:
    ended = house.run("forwarder.sync", "s3://heron-meadow", "--failures", "/nowhere/file")

    assert (ended.code, ended.out) == (2, "")
    assert "/nowhere/file" in ended.err
    assert house.landed("heron-meadow") == {}


def test_archived_objects_fail_one_by_one_and_the_others_come_over_folder_markers_too(
    s3: Any, s3_url: str, house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bucket = "archive-of-herons"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"{number:02}", Body=b"x", StorageClass="DEEP_ARCHIVE")
    s3.put_object(Bucket=bucket, Key="standard", Body=b"x")
    s3.put_object(Bucket=bucket, Key="folder/")
    folder = tmp_path_factory.mktemp("archived")
    with serving(folder, Embedded(folder), S3_ENDPOINTS=s3_url) as service:
        there = House(house.s3, Embedded(folder), service)
        ended = there.run("forwarder.sync", f"s3://{bucket}", AWS_ENDPOINT_URL_S3=s3_url)

    assert ended.code == 1
    assert set(ended.summary.split(", ")) == {"30 failed", "2 landed now"}
    assert ended.err.count("InvalidObjectState: the object is archived: restore it in S3") == 30
    assert set(there.announced(bucket)) == {"standard", "folder/"}


def test_one_object_is_sent_by_hand(house: House) -> None:
    dry = house.run("forwarder.send", "s3://heron-meadow/a b+c", "--dry-run")
    assert (dry.code, dry.out) == (1, "missing  s3://heron-meadow/a b+c, 1 bytes\n")

    sent = house.run("forwarder.send", "s3://heron-meadow/a b+c")

    assert sent.code == 0
    assert sent.out.startswith("landed  s3://heron-meadow/a b+c, 1 bytes\n  object        heron-")
    assert "\n  verified      size, md5\n  notification  " in sent.out
    assert house.landed("heron-meadow") == {"a b+c": b"1"}
    again = house.run("forwarder.send", "s3://heron-meadow/a b+c")
    assert (again.code, again.out.split()[0]) == (0, "already-landed")
    dry = house.run("forwarder.send", "s3://heron-meadow/a b+c", "--dry-run")
    assert (dry.code, dry.out.split()[0]) == (0, "landed")


@pytest.mark.parametrize(
    ("words", "environment", "code", "told"),
    [
        (["s3://heron-meadow/nothing"], {}, 1, "S3 has no such object"),
        (["s3://heron-meadow/large"], {}, 1, "OBJECT_TOO_LARGE"),
        (["s3://heron-meadow/d"], {"ENDPOINT_API_KEY": "wrong"}, 1, "API_KEY_INVALID"),
        (["s3://heron-meadow/d"], {"AWS_SECRET_ACCESS_KEY": "wrong"}, 1, "credentials are wrong"),
        (["s3://heron-meadow/d"], {"ENDPOINT_API_KEY": ""}, 2, "set ENDPOINT_API_KEY"),
    ],
)
def test_what_cannot_be_sent_by_hand_is_explained(
    house: House, words: list[str], environment: dict[str, str], code: int, told: str
) -> None:
    ended = house.run("forwarder.send", *words, **environment)

    assert ended.code == code
    assert told in ended.out + ended.err
    assert "Traceback" not in ended.err


def test_no_secret_is_told(house: House) -> None:
    """Failures of both programs, with all that they log."""
    told = ""
    for changes in ({"LOG_LEVEL": "DEBUG"}, {"ENDPOINT_URL": f"{house.s3.endpoint}/heron-meadow"}):
        for words in (
            ("forwarder.sync", "s3://heron-meadow"),
            ("forwarder.send", "s3://heron-meadow/large"),
        ):
            ended = house.run(*words, **changes)
            told += ended.out + ended.err
    assert "heron-meadow" in told
    environment = house.environment()
    for secret in (API_KEY, environment["AWS_SECRET_ACCESS_KEY"], "X-Amz-", "Signature="):
        assert secret not in told
