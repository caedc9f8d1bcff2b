"""The stand-in for Cloud Storage keeps the promises that Google documents for its JSON API."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Drop, LoseAnswer

STEP = 256 * 1024
DATA = bytes(range(256)) * 2 * 1024 + b"the tail"
ODD_NAMES = [
    "a//b",
    "/leading",
    "trailing/",
    "a/../b/./c",
    "50%25 off",
    "1+1=2?yes#no&more",
    "größe/日本/🚀",
    " spaces ",
]


@pytest.fixture
def server() -> Iterator[CloudStorage]:
    with CloudStorage(bucket="landing") as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def bucket(server: CloudStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.Bucket]:
    """The bucket, as Google's own client sees it."""
    # Else a thread of the client asks for the bucket, perhaps after the test has ended.
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    client = storage.Client(
        "project", AnonymousCredentials(), client_options={"api_endpoint": server.url}
    )
    yield client.bucket("landing")
    client.close()


def test_unknown_bucket_is_told_as_google_tells_it(
    server: CloudStorage, http: requests.Session
) -> None:
    answer = http.get(f"{server.url}/storage/v1/b/elsewhere")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "The specified bucket does not exist."


def test_permissions_are_granted_unless_denied(http: requests.Session) -> None:
    wanted = ["storage.objects.create", "storage.objects.get"]
    with CloudStorage(denied_permissions={"storage.objects.get"}) as server:
        url = f"{server.url}/storage/v1/b/landing/iam/testPermissions"
        answer = http.get(url, params={"permissions": wanted})

    assert answer.json()["permissions"] == ["storage.objects.create"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_name_is_decoded_exactly_once(bucket: storage.Bucket, name: str) -> None:
    bucket.blob(name).upload_from_string(DATA)

    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert bucket.get_blob(name).download_as_bytes(start=5, end=9) == DATA[5:10]
    assert bucket.blob(name).download_as_bytes() == DATA
    bucket.blob(name).delete()
    assert bucket.get_blob(name) is None


def test_missing_object_is_named(server: CloudStorage, http: requests.Session) -> None:
    answer = http.get(f"{server.url}/storage/v1/b/landing/o/{quote('a/b', safe='')}")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "No such object: landing/a/b"


def test_list_comes_in_pages_and_by_prefix(server: CloudStorage, bucket: storage.Bucket) -> None:
    for name in ("b/2", "a", "b/1", "b/3"):
        server.put(name, b"")

    found = [blob.name for blob in bucket.list_blobs(prefix="b/", page_size=2)]

    assert found == ["b/1", "b/2", "b/3"]
    assert server.requests["list"] == 2


def test_each_generation_is_greater_than_the_last(server: CloudStorage) -> None:
    generations = [int(server.put("name", b"")["generation"]) for _ in range(50)]

    assert generations == sorted(set(generations))


def test_create_only_refuses_a_second_object(bucket: storage.Bucket) -> None:
    bucket.blob("name").upload_from_string(b"first", if_generation_match=0)

    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("name").upload_from_string(b"second", if_generation_match=0)

    assert bucket.blob("name").download_as_bytes() == b"first"


def test_single_upload_with_a_wrong_hash_creates_nothing(
    server: CloudStorage, bucket: storage.Bucket
) -> None:
    blob = bucket.blob("name")
    blob.crc32c = "AAAAAA=="

    with pytest.raises(exceptions.BadRequest, match="doesn't match calculated CRC32C"):
        blob.upload_from_string(b"data", checksum=None)

    assert not server.objects


def test_delete_heeds_its_precondition(server: CloudStorage, bucket: storage.Bucket) -> None:
    generation = int(server.put("name", b"")["generation"])

    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("name").delete(if_generation_match=generation + 1)
    bucket.blob("name").delete(if_generation_match=generation)

    assert not server.objects


def test_patch_merges_and_raises_the_metageneration(
    server: CloudStorage, bucket: storage.Bucket
) -> None:
    before = server.put("name", b"", metadata={"keep": "1", "drop": "2"})
    blob = bucket.get_blob("name")
    blob.metadata = {"drop": None, "add": "3"}

    blob.patch(if_generation_match=blob.generation, if_metageneration_match=1)

    after = server.objects["name"]
    assert after["metadata"] == {"keep": "1", "add": "3"}
    assert (after["generation"], after["metageneration"]) == (before["generation"], "2")
    assert after["updated"] >= before["updated"]
    with pytest.raises(exceptions.PreconditionFailed):
        blob.patch(if_generation_match=blob.generation, if_metageneration_match=1)


def test_compose_heeds_the_preconditions_of_all_that_takes_part(
    server: CloudStorage, bucket: storage.Bucket
) -> None:
    sources = [bucket.get_blob(server.put(name, name.encode())["name"]) for name in ("a", "b")]
    target = bucket.blob("name")
    generations = [blob.generation for blob in sources]

    with pytest.raises(exceptions.PreconditionFailed):
        target.compose(sources, if_generation_match=1)
    with pytest.raises(exceptions.PreconditionFailed):
        target.compose(sources, if_source_generation_match=[generations[0] + 1, generations[1]])
    target.content_type = "image/png"
    target.compose(
        sources, if_generation_match=0, if_source_generation_match=generations, retry=None
    )

    composed = server.objects["name"]
    assert server.content("name") == b"ab"
    assert (composed["contentType"], composed["componentCount"]) == ("image/png", 2)
    assert "md5Hash" not in composed
    server.delete("a")
    with pytest.raises(exceptions.NotFound):
        bucket.blob("other").compose(sources)


@pytest.mark.parametrize("count", [0, 33])
def test_compose_takes_one_to_thirty_two_objects(
    server: CloudStorage, bucket: storage.Bucket, count: int
) -> None:
    source = bucket.get_blob(server.put("a", b"a")["name"])

    with pytest.raises(exceptions.BadRequest):
        bucket.blob("name").compose([source] * count)


@pytest.mark.parametrize("fault", [Answer(503), Drop(), Drop(after_bytes=300_000), LoseAnswer()])
def test_googles_client_recovers_from_a_fault(
    server: CloudStorage, bucket: storage.Bucket, fault: Answer | Drop | LoseAnswer
) -> None:
    server.fault("put", fault, skip=1)

    bucket.blob("name", chunk_size=STEP).upload_from_file(BytesIO(DATA))

    assert server.requests["put"] > 3
    assert server.content("name") == DATA


def test_it_runs_as_a_program(tmp_path: Path, http: requests.Session) -> None:
    options = ["--bucket", "other", "--directory", str(tmp_path), "--no-md5"]
    command = [sys.executable, "-m", "tests.servers.cloud_storage", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        url = program.stdout.readline().strip()
        upload = f"{url}/upload/storage/v1/b/other/o?uploadType=resumable&name=empty"
        session = http.post(upload).headers["Location"]
        landed = http.put(session, headers={"Content-Range": "bytes */0"}).json()
        state = http.get(f"{url}/_test/state").json()
        program.send_signal(signal.SIGTERM)

    assert "md5Hash" not in landed
    assert state["objects"] == {"empty": landed}
    assert state["requests"] == {"create-session": 1, "status": 1}
    assert (state["openSessions"], state["bytesReceived"]) == (0, 0)
    assert (program.returncode, list(tmp_path.iterdir())) == (0, [])
