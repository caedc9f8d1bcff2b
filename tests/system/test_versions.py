"""`OBJECT_NAME` with `{version_id}`: every version of a versioned bucket lands, and stays."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.backends import Backend, Heard
from tests.system.conftest import REGION
from tests.system.service import Service, message_about, message_about_version, serving


@pytest.fixture(scope="module")
def service(
    backend: Backend, s3_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    name = "{bucket}/{key}@{version_id}"
    with serving(folder, backend, S3_ENDPOINTS=s3_url, OBJECT_NAME=name) as service:
        yield service


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    name = f"versions-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put(s3: Any, bucket: str, key: str, body: bytes) -> str:
    version: str = s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return version


def heard_about(backend: Backend, name: str) -> list[Heard]:
    return [h for h in backend.heard() if h.attributes["objectId"] == name]


def test_two_versions_land_as_two_objects_whatever_their_order(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    bodies = {put(s3, bucket, "k", body): body for body in (b"old", b"new bytes")}
    messages = {v: message_about_version(s3, bucket, "k", v) for v in reversed(bodies)}

    answers = {version: service.send(message) for version, message in messages.items()}

    for version, body in bodies.items():
        status, answer = answers[version]
        name = f"{bucket}/k@{version}"
        assert (status, answer["status"], answer["object"]["name"]) == (200, "landed", name)
        assert backend.read(name) == body
        [heard] = heard_about(backend, name)
        assert heard.attributes["s3VersionId"] == version
        assert "overwroteGeneration" not in heard.attributes


def test_each_version_is_found_by_its_own_name(service: Service, s3: Any, bucket: str) -> None:
    version = put(s3, bucket, "asked", b"asked")
    service.send(message_about_version(s3, bucket, "asked", version))

    question = f"/objects?bucket={bucket}&key=asked"
    found = [
        service.send(b"", method="GET", path=f"{question}&versionId={one}")[1]["status"]
        for one in (version, "another")
    ]

    assert found == ["landed", "missing"]
    assert service.send(b"", method="GET", path=question)[0] == 400


def test_a_repeat_of_the_old_version_leaves_the_new_one_alone(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    old, new = (put(s3, bucket, "repeated", body) for body in (b"old", b"new bytes"))
    messages = [message_about_version(s3, bucket, "repeated", v) for v in (old, new)]
    landed = [service.send(message)[1] for message in messages]

    status, answer = service.send(messages[0])

    assert (status, answer["status"]) == (200, "already-landed")
    assert answer["object"] == landed[0]["object"]
    assert backend.read(f"{bucket}/repeated@{new}") == b"new bytes"
    assert service.send(messages[1])[1]["object"] == landed[1]["object"]
    for version in (old, new):
        assert len(heard_about(backend, f"{bucket}/repeated@{version}")) == 1


def test_versions_with_equal_bytes_are_objects_of_their_own(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    versions = [put(s3, bucket, "equal", b"same") for _ in range(2)]

    answers = [
        service.send(message_about_version(s3, bucket, "equal", version))[1] for version in versions
    ]

    assert [answer["status"] for answer in answers] == ["landed", "landed"]
    assert all(backend.read(f"{bucket}/equal@{version}") == b"same" for version in versions)


def test_a_version_lands_though_the_object_is_deleted(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    version = put(s3, bucket, "deleted", b"still here")
    message = message_about_version(s3, bucket, "deleted", version)
    s3.delete_object(Bucket=bucket, Key="deleted")

    status, answer = service.send(message)

    assert (status, answer["status"]) == (200, "landed")
    assert backend.read(f"{bucket}/deleted@{version}") == b"still here"


def test_a_version_that_was_deleted_is_gone(service: Service, s3: Any, bucket: str) -> None:
    version = put(s3, bucket, "gone", b"x")
    message = message_about_version(s3, bucket, "gone", version)
    s3.delete_object(Bucket=bucket, Key="gone", VersionId=version)

    status, answer = service.send(message)

    assert (status, answer["error"]["details"][0]["reason"]) == (410, "SOURCE_GONE")


def test_a_url_that_pins_no_version_is_refused(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    put(s3, bucket, "plain", b"x")

    status, answer = service.send(message_about(s3, bucket, "plain"))

    assert (status, answer["error"]["details"][0]["reason"]) == (400, "URL_REFUSED")
    assert "{version_id}" in answer["error"]["message"]


def test_a_url_that_pins_another_version_than_the_message_is_refused(
    service: Service, s3: Any, bucket: str
) -> None:
    first, second = (put(s3, bucket, "mixed", body) for body in (b"1", b"2"))
    message = message_about_version(s3, bucket, "mixed", first)

    status, answer = service.send(message.replace(first.encode(), second.encode(), 1))

    assert (status, answer["error"]["details"][0]["reason"]) == (400, "URL_REFUSED")
