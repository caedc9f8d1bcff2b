"""Secrets that were sent in are nowhere afterwards: not in the log at DEBUG, answers, metadata.

Keys, signatures, tokens and upload sessions are made up, and then searched for in every
byte that the service wrote.
"""

import hashlib
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import pytest

from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Drop, Fault, LoseAnswer
from tests.servers.raw import RawServer, Script, answer, reset
from tests.system.backends import Backend, Cloud, Embedded
from tests.system.service import API_KEY, ROOT, Service, environment_for, serving

SIGNATURE = hashlib.sha256(b"canary signature").hexdigest()
TOKEN = "canaryToken90bc"
ACCESS_KEY = "AKIACANARY0000000000"
WRONG_KEY = "canary-wrong-key-31aa"
QUERY = (
    f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCESS_KEY}%2F20260811%2Feu-west-2%2Fs3"
    f"%2Faws4_request&X-Amz-Date=20260811T093015Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    f"&X-Amz-Security-Token={TOKEN}&X-Amz-Signature={SIGNATURE}"
)
BODY = 200_000 * b"heron"  # large enough for an upload session
ETAG = f'"{hashlib.md5(BODY).hexdigest()}"'
WHOLE = answer(BODY, ETag=ETAG, x_amz_meta_url="kept")
ECHO = f"<Error><Code>AccessDenied</Code><Message>{SIGNATURE}{TOKEN}</Message></Error>".encode()

SOURCES: dict[str, Script] = {
    "good": [WHOLE],
    "cut": [WHOLE[:-9]],
    "broken off": [WHOLE[:-9], reset()],
    "silent": [],
    "wrong": [WHOLE[:-5] + b"HERON"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    "a header that is none": [WHOLE.replace(b"\r\nETag", b"\r\nno header\r\nETag")],
    "refusing": [answer(ECHO, "403 Forbidden")],
    "slow down": [answer(ECHO, "503 Slow Down")],
    "redirecting": [answer(b"", "307 Here", Location=f"/?{QUERY}")],
}
STORE_FAULTS: dict[str, tuple[str, Fault]] = {
    "the destination cannot be read": ("stat", Answer(500)),
    "the service may not read": ("stat", Answer(403)),
    "no upload begins": ("upload", Drop()),
    "the upload is refused": ("put", Answer(500)),
    "the upload is not known": ("put", Answer(410)),
    "the end is not answered": ("finalise", LoseAnswer()),
    "the mark is refused": ("patch", Answer(503)),
}


@dataclass
class Seen:
    """A service, and everything that came out of it."""

    service: Service
    sources: dict[str, RawServer]
    answers: list[str] = field(default_factory=list)

    def send(self, source: str, key: str = "k", **request: Any) -> str:
        url = f"{self.sources[source].origin}/pictures/{key}?{QUERY}"
        fields = {"Bucket": "pictures", "ObjectKey": key, "ETag": ETAG, "PresignedUrl": url}
        return self.send_bytes(json.dumps({"inputMessage": fields}).encode(), **request)

    def send_bytes(self, body: bytes, **request: Any) -> str:
        status, told = self.service.send(body, **request)
        self.answers.append(json.dumps(told))
        return "200" if status == 200 else str(told["error"]["details"][0]["reason"])


@pytest.fixture(scope="module")
def sources() -> Iterator[dict[str, RawServer]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(RawServer(script)) for name, script in SOURCES.items()}


def origins_of(sources: dict[str, RawServer]) -> str:
    return ",".join(server.origin for server in sources.values())


def send_bad_requests(seen: Seen) -> set[str]:
    body = json.dumps({"PresignedUrl": f"https://evil.example/?{QUERY}"}).encode()
    return {
        seen.send_bytes(body),
        seen.send_bytes(body[:-1]),
        seen.send_bytes(body, key=WRONG_KEY),
        seen.send_bytes(body, path=f"/processmessage?key={API_KEY}"),
        seen.send_bytes(body, path=f"/nowhere?{QUERY}"),
        seen.send_bytes(body, method="GET"),
        seen.send_bytes(body, headers={"Authorization": f"Bearer {WRONG_KEY}"}),
    }


def assert_clean(seen: Seen, folder: Path, *more: str) -> None:
    pieces = [SIGNATURE[:16], SIGNATURE[-16:], hashlib.sha256(API_KEY.encode()).hexdigest()]
    secrets = [API_KEY, WRONG_KEY, TOKEN, ACCESS_KEY, "X-Amz-Signature", *pieces, *more]
    written = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    written |= {Path("answers"): "\n".join(seen.answers).encode()}
    found = [(f, s) for f, data in written.items() for s in secrets if s.encode() in data]
    assert found == []


def reconcile(backend: Backend, folder: Path) -> None:
    """Walk over all that landed; what the second net says is written to the folder too."""
    environment = environment_for(backend, LOG_LEVEL="DEBUG")
    with (folder / "reconcile.log").open("wb") as output:
        command = [sys.executable, "reconcile.py", "walk", "--patience", "0"]
        subprocess.run(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=True, timeout=60
        )


def test_no_secret_stays_in_the_embedded_store(
    sources: dict[str, RawServer], tmp_path: Path
) -> None:
    backend = Embedded(tmp_path)
    with serving(tmp_path, backend, S3_ENDPOINTS=origins_of(sources), LOG_LEVEL="DEBUG") as service:
        seen = Seen(service, sources)

        outcomes = {name: seen.send(name, name.replace(" ", "")) for name in SOURCES}
        refusals = send_bad_requests(seen)
    reconcile(backend, tmp_path)

    assert outcomes["good"] == "200"
    assert set(outcomes.values()) >= {"SOURCE_UNAVAILABLE", "SOURCE_CORRUPT", "SOURCE_REFUSED"}
    assert refusals >= {"API_KEY_INVALID", "KEY_IN_QUERY", "INVALID_MESSAGE", "MALFORMED_BODY"}
    assert all(SIGNATURE.encode() in server.requests[-1] for server in sources.values())
    assert "pictures/good" in service.log.read_text()
    assert backend.heard()
    assert_clean(seen, tmp_path)


def test_no_secret_stays_in_cloud_storage(sources: dict[str, RawServer], tmp_path: Path) -> None:
    backend = Embedded(tmp_path)
    with CloudStorage(bucket="landing") as storage:
        backend.environment |= {
            "LANDING_BUCKET": "gs://landing",
            "STORAGE_EMULATOR_HOST": storage.url,
        }
        settings = {"S3_ENDPOINTS": origins_of(sources), "LOG_LEVEL": "DEBUG"}
        with serving(tmp_path, backend, **settings) as service:
            seen = Seen(service, sources)

            outcomes = []
            for number, (kind, fault) in enumerate(STORE_FAULTS.values()):
                storage.fault(kind, fault, times=inf)
                outcomes.append(seen.send("good", f"k{number}"))
                storage.clear_faults()
            outcomes.append(seen.send("good"))
        reconcile(backend, tmp_path)

        assert set(outcomes) == {"200", "STORE_UNAVAILABLE", "MISCONFIGURED"}
        (tmp_path / "objects.json").write_text(json.dumps(storage.objects))
        assert "pictures/k" in storage.objects
        assert len(storage.session_ids) > 3
        assert_clean(seen, tmp_path, *storage.session_ids)


def test_no_secret_stays_in_pub_sub(
    sources: dict[str, RawServer], tmp_path: Path, pubsub_emulator: str
) -> None:
    with CloudStorage(bucket="landing") as storage:
        backend = Cloud(storage.url, pubsub_emulator, f"landed-{uuid.uuid4().hex[:8]}")
        settings = {"S3_ENDPOINTS": origins_of(sources), "LOG_LEVEL": "DEBUG"}
        with closing(backend), serving(tmp_path, backend, **settings) as service:
            seen = Seen(service, sources)
            assert seen.send("good") == "200"
            reconcile(backend, tmp_path)
            heard = [(each.attributes, each.data) for each in backend.heard()]

        assert heard
        (tmp_path / "heard.json").write_text(json.dumps(heard))
        assert_clean(seen, tmp_path, *storage.session_ids)
