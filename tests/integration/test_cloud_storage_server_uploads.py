"""The stand-in for Cloud Storage keeps Google's promises about resumable uploads."""

import base64
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal
from urllib.parse import urlsplit

import google_crc32c
import pytest
import requests

from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import (
    Call,
    Corrupt,
    Drop,
    Hold,
    HoldAnswer,
    Keep,
    LoseAnswer,
)
from tests.servers.cloud_storage_rules import Ways

STEP = 256 * 1024
DATA = bytes(range(256)) * 2 * 1024 + b"the tail"
SIZE = len(DATA)
BODY = 2 * STEP


@pytest.fixture
def server() -> Iterator[CloudStorage]:
    with CloudStorage(bucket="landing") as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


class Upload:
    """One resumable upload, spoken by hand."""

    def __init__(self, server: CloudStorage, http: requests.Session, **conditions: str) -> None:
        self._http = http
        created = http.post(
            f"{server.url}/upload/storage/v1/b/landing/o",
            params={"uploadType": "resumable", **conditions},
            headers={"X-Upload-Content-Type": "text/plain", "X-Upload-Content-Length": str(SIZE)},
            json={"name": "name", "metadata": {"colour": "blue"}},
        )
        assert created.status_code == 200, created.text
        self.url = created.headers["Location"]

    def put(self, start: int, end: int, hashes: str = "", data: bytes = DATA) -> requests.Response:
        headers = {"Content-Range": f"bytes {start}-{end - 1}/{SIZE}", "X-Goog-Hash": hashes}
        return self._http.put(self.url, data=data[start:end], headers=headers)

    def finish(self, start: int = 0, hashes: str = "", data: bytes = DATA) -> requests.Response:
        return self.put(start, SIZE, hashes, data)

    def status(self) -> requests.Response:
        return self._http.put(self.url, headers={"Content-Range": f"bytes */{SIZE}"})

    def cancel(self) -> requests.Response:
        return self._http.delete(self.url)


Begin = Callable[..., Upload]


@pytest.fixture
def begin(server: CloudStorage, http: requests.Session) -> Begin:
    return lambda **conditions: Upload(server, http, **conditions)


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def test_object_appears_whole_and_only_with_its_last_byte(
    server: CloudStorage, begin: Begin
) -> None:
    upload = begin()

    body = upload.put(0, BODY)
    assert (body.status_code, body.headers["Range"]) == (308, f"bytes=0-{BODY - 1}")
    assert not server.objects
    assert server.open_sessions == 1

    landed = upload.finish(BODY, hashes=f"crc32c={crc32c(DATA)}").json()
    assert server.content("name") == DATA
    assert (landed["size"], landed["crc32c"]) == (str(SIZE), crc32c(DATA))
    assert (landed["contentType"], landed["metadata"]) == ("text/plain", {"colour": "blue"})
    assert server.open_sessions == 0


def test_precondition_is_judged_when_the_upload_is_finalised(
    server: CloudStorage, begin: Begin
) -> None:
    theirs = server.put("name", b"theirs")

    upload = begin(ifGenerationMatch="0")

    assert upload.put(0, BODY).status_code == 308
    refused = upload.finish(BODY)
    assert refused.status_code == 412
    assert refused.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert server.objects == {"name": theirs}
    assert upload.status().status_code == 410
    assert server.open_sessions == 0


def test_patch_during_the_upload_breaks_a_metageneration_precondition(
    server: CloudStorage, begin: Begin
) -> None:
    there = server.put("name", b"theirs")
    upload = begin(ifGenerationMatch=there["generation"], ifMetagenerationMatch="1")

    server.fault("finalise", Call(lambda: server.patch("name", metadata={"touched": "1"})))

    assert upload.finish().status_code == 412
    assert server.content("name") == b"theirs"


def test_precondition_can_be_judged_at_creation_too() -> None:
    with CloudStorage(ways=Ways(early_preconditions=True)) as server, requests.Session() as http:
        server.put("name", b"theirs")
        with pytest.raises(AssertionError, match="pre-conditions"):
            Upload(server, http, ifGenerationMatch="0")


def test_one_of_many_racing_creations_wins(server: CloudStorage, begin: Begin) -> None:
    uploads = [begin(ifGenerationMatch="0") for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status_code for answer in pool.map(Upload.finish, uploads)]

    assert sorted(statuses) == [200] + 7 * [412]


@pytest.mark.parametrize("status", [400, 412])
@pytest.mark.parametrize("wrong", [f"crc32c={crc32c(b'')}", "md5=1B2M2Y8AsgTpgAmY7PhCfg=="])
def test_wrong_hash_is_refused_before_the_object_exists(
    status: Literal[400, 412], wrong: str
) -> None:
    with CloudStorage(ways=Ways(hash_refusal=status)) as server, requests.Session() as http:
        refused = Upload(server, http).finish(hashes=wrong)

        assert refused.status_code == status
        assert not server.objects
        assert server.open_sessions == 0


def test_damage_on_the_way_is_caught_by_the_hash(server: CloudStorage, begin: Begin) -> None:
    server.fault("put", Corrupt())

    assert begin().finish(hashes=f"crc32c={crc32c(DATA)}").status_code == 400


def test_status_query_tells_what_is_persisted_and_then_the_object(
    server: CloudStorage, begin: Begin
) -> None:
    upload = begin()

    nothing = upload.status()
    assert (nothing.status_code, nothing.headers.get("Range")) == (308, None)

    upload.put(0, STEP)
    assert upload.status().headers["Range"] == f"bytes=0-{STEP - 1}"

    server.fault("finalise", LoseAnswer())
    with pytest.raises(requests.ConnectionError):
        upload.finish(STEP)
    assert upload.status().json() == server.objects["name"]
    assert server.requests == {"create-session": 1, "put": 2, "status": 3}


@pytest.mark.parametrize(("arrived", "kept"), [(100, 0), (STEP, STEP), (300_000, STEP)])
def test_cut_body_keeps_a_multiple_of_256_kib(
    server: CloudStorage, begin: Begin, arrived: int, kept: int
) -> None:
    upload = begin()
    server.fault("put", Drop(after_bytes=arrived))

    with pytest.raises(requests.ConnectionError):
        upload.finish()

    assert upload.status().headers.get("Range") == (f"bytes=0-{kept - 1}" if kept else None)
    assert server.bytes_received == arrived
    assert upload.finish(kept).json()["crc32c"] == crc32c(DATA)


def test_sender_who_vanishes_leaves_whole_steps(server: CloudStorage, begin: Begin) -> None:
    upload = begin()
    url = urlsplit(upload.url)
    lines = [f"PUT {url.path}?{url.query} HTTP/1.1", f"Content-Length: {SIZE}"]
    head = "\r\n".join([*lines, f"Content-Range: bytes 0-{SIZE - 1}/{SIZE}", "", ""])
    hold = Hold(after_bytes=STEP + 1)
    server.fault("put", hold)

    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(head.encode() + DATA[: STEP + 10])
        assert hold.reached.wait(5)
    hold.release.set()

    assert upload.status().headers["Range"] == f"bytes=0-{STEP - 1}"
    assert upload.finish(STEP).json()["crc32c"] == crc32c(DATA)


def test_bytes_sent_again_are_ignored(server: CloudStorage, begin: Begin) -> None:
    upload = begin()
    upload.put(0, STEP)

    upload.finish(data=bytes(STEP) + DATA[STEP:])

    assert server.content("name") == DATA


def test_service_may_keep_less_than_it_was_sent(server: CloudStorage, begin: Begin) -> None:
    upload = begin()
    server.fault("put", Keep(STEP))

    assert upload.put(0, BODY).headers["Range"] == f"bytes=0-{STEP - 1}"
    assert upload.finish(STEP).json()["crc32c"] == crc32c(DATA)


def test_gap_odd_chunk_and_wrong_range_are_refused(begin: Begin) -> None:
    upload = begin()

    assert upload.put(STEP, BODY).status_code == 503
    assert upload.put(0, STEP + 1).status_code == 400
    assert upload.put(0, BODY, data=DATA[:STEP]).status_code == 400
    assert upload.finish().status_code == 200


def test_cancelled_session_is_gone(server: CloudStorage, begin: Begin) -> None:
    upload = begin()
    upload.put(0, STEP)

    assert upload.cancel().status_code == 499
    assert upload.status().status_code == 410
    assert upload.finish(STEP).status_code == 410
    assert (server.open_sessions, server.objects) == (0, {})
    upload.url += "0"
    assert upload.status().status_code == 404


def test_answer_can_be_held_until_the_test_has_looked(server: CloudStorage, begin: Begin) -> None:
    hold = HoldAnswer()
    server.fault("finalise", hold)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(begin().finish)
        assert hold.reached.wait(5)
        assert "name" in server.objects
        assert not answer.done()
        hold.release.set()

    assert answer.result().status_code == 200
