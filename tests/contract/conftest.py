"""The stores under contract, and what a test needs to look behind them."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import google_crc32c
import pytest

from adapters.directory_store import DirectoryStore
from adapters.file_names import clash_path, plain_path
from adapters.gcs_store import GcsStore
from tests.servers.cloud_storage import CloudStorage
from transfer.errors import StoreUnavailable, TokenMoved
from transfer.reconciling import WalkableStore
from transfer.store import ABSENT, STEP, ObjectHeaders, Store, StoredObject, Token, Upload

THREADS = 8
PIECE = 100_000
"""No divisor of STEP: what a source sends keeps to no one's boundaries."""
HEADERS = ObjectHeaders(
    content_type="image/png",
    cache_control="private, max-age=0",
    content_disposition="attachment; filename=\"a b.png\"; filename*=UTF-8''%C3%A4.png",
    content_language="de, en",
    content_encoding="gzip",
    metadata={"s3-key": "größe/☃ 😀", "UPPER-lower_1": " spaces = kept ", "empty": ""},
)

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A store, and a look behind it that does not go through it."""

    store: WalkableStore
    content: Callable[[str], bytes]
    leftovers: Callable[[], int]
    """Unfinished uploads that take room."""


@pytest.fixture
def cloud() -> Iterator[CloudStorage]:
    with CloudStorage(bucket="landing") as server:
        yield server


@pytest.fixture(autouse=True)
def no_background_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client asks for the bucket in a thread of its own, which outlives a test."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@pytest.fixture
def gcs(cloud: CloudStorage, monkeypatch: pytest.MonkeyPatch) -> GcsStore:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)
    return GcsStore("landing")


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """The directory of the embedded store."""
    return tmp_path / "bucket"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder outside the directory of the embedded store, with one file."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_bytes(b"precious")
    return folder


@pytest.fixture
def nothing_outside_changes(outside: Path) -> Iterator[None]:
    before = facts_of(outside / "precious")
    yield
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_bytes() == b"precious"
    assert facts_of(outside / "precious") == before


@pytest.fixture(params=["directory", "cloud"])
def place(request: pytest.FixtureRequest, bucket: Path) -> Place:
    if request.param == "directory":
        uploads = bucket / ".landfall/uploads"
        return Place(
            DirectoryStore(bucket),
            lambda name: file_of(bucket, name).read_bytes(),
            lambda: len(list(uploads.iterdir())),
        )
    server: CloudStorage = request.getfixturevalue("cloud")
    store: GcsStore = request.getfixturevalue("gcs")
    return Place(store, server.content, lambda: server.open_sessions)


@pytest.fixture
def store(place: Place) -> WalkableStore:
    return place.store


@pytest.fixture(params=["directory", "cloud"])
def misplaced(request: pytest.FixtureRequest, tmp_path: Path) -> WalkableStore:
    """A store whose bucket is not there and cannot be made."""
    if request.param == "directory":
        (tmp_path / "file").touch()
        return DirectoryStore(tmp_path / "file/bucket")
    request.getfixturevalue("gcs")
    return GcsStore("another")


def facts_of(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_ino, found.st_mode, found.st_uid, found.st_nlink, found.st_mtime_ns


def file_of(bucket: Path, name: str) -> Path:
    plain = bucket / plain_path(name)
    return plain if plain.is_file() else bucket / clash_path(name)


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def content_of(size: int, seed: int = 0) -> bytes:
    """So many bytes in which no STEP looks like another."""
    words = (size + 3) // 4
    return b"".join((seed * 7919 + i).to_bytes(4, "big") for i in range(words))[:size]


def body_end(data: bytes) -> int:
    return max(0, len(data) - 1) // STEP * STEP


def pieces(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for position in range(start, end, PIECE):
        yield data[position : min(position + PIECE, end)]


def broken_off(data: bytes, at: int, failure: BaseException) -> Iterator[bytes]:
    """A source that fails after so many bytes."""
    yield from pieces(data, 0, at)
    raise failure


def begin(
    store: Store,
    name: str,
    data: bytes,
    token: Token = ABSENT,
    headers: ObjectHeaders | None = None,
) -> Upload:
    """Return an upload that holds all but the tail."""
    upload = store.create(name, len(data), headers or ObjectHeaders(), token)
    go_on(upload, data, 0)
    return upload


def go_on(upload: Upload, data: bytes, start: int, tries: int = 5) -> None:
    """Send the rest. A request that broke off may come to its turn after this one, and win."""
    end = body_end(data)
    try:
        if start < end:
            assert upload.send(pieces(data, start, end), start, end) == end
    except StoreUnavailable:
        if tries == 1:
            raise
        go_on(upload, data, upload.persisted(), tries - 1)


def finish(upload: Upload, data: bytes) -> StoredObject:
    return upload.finish(data[body_end(data) :], crc32c(data))


def land(
    store: Store,
    name: str,
    data: bytes,
    token: Token = ABSENT,
    headers: ObjectHeaders | None = None,
) -> StoredObject:
    return finish(begin(store, name, data, token, headers), data)


def race(attempt: Callable[[int], T]) -> dict[int, T]:
    """Let THREADS try at once; return what those got whose token had not moved."""
    start = Barrier(THREADS)

    def run(number: int) -> tuple[int, T] | None:
        start.wait()
        try:
            return number, attempt(number)
        except TokenMoved:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(won for won in pool.map(run, range(THREADS)) if won)
