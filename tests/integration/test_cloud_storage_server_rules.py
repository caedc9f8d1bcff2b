"""The stand-in for Cloud Storage refuses what the service refuses, and plays both ways at will."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_rules import MutationLimits, Refusal, Ways

STEP = 256 * 1024
DATA = bytes(range(256)) * 2 * 1024 + b"the tail"
KINDS = ["multipart", "session", "compose", "patch"]
WRONG = "AAAAAA=="


@pytest.fixture
def server() -> Iterator[CloudStorage]:
    with CloudStorage(bucket="landing") as running:
        yield running


def ask(
    server: CloudStorage, kind: str, resource: dict[str, Any], outside: str | None = None
) -> requests.Response:
    """Say this of an object, with or without a type outside of the resource."""
    uploads, objects = (f"{server.url}/{path}storage/v1/b/landing/o" for path in ("upload/", ""))
    if kind == "session":
        headers = {} if outside is None else {"X-Upload-Content-Type": outside}
        url = f"{uploads}?uploadType=resumable"
        return requests.post(url, json=resource, headers=headers, timeout=10)
    if kind == "multipart":
        line = "" if outside is None else f"Content-Type: {outside}\r\n"
        body = f"--x\r\nContent-Type: application/json\r\n\r\n{json.dumps(resource)}\r\n"
        body += f"--x\r\n{line}\r\ndata\r\n--x--"
        headers = {"Content-Type": "multipart/related; boundary=x"}
        url = f"{uploads}?uploadType=multipart"
        return requests.post(url, body.encode(), headers=headers, timeout=10)
    if kind == "patch":
        server.put("name", b"")
        return requests.patch(f"{objects}/name", json=resource, timeout=10)
    server.put("part", b"")
    asked = {"sourceObjects": [{"name": "part"}], "destination": resource}
    name = quote(str(resource["name"]), safe="")
    return requests.post(f"{objects}/{name}/compose", json=asked, timeout=10)


def refusal_of(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["errors"][0]["message"] == error["message"]
    return answer.status_code, error["errors"][0]["reason"]


@pytest.mark.parametrize("kind", ["multipart", "session"])
def test_two_types_that_differ_are_refused(server: CloudStorage, kind: str) -> None:
    resource = {"name": "name", "contentType": "text/plain"}

    refused = ask(server, kind, resource, "application/octet-stream")

    assert refusal_of(refused) == (400, "invalid")
    assert "does not match Content-Type specified in metadata" in refused.text
    assert server.objects == {}
    assert server.open_sessions == 0
    for outside in (None, "text/plain"):
        assert ask(server, kind, resource, outside).ok


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content_type", ["", "text/größe", "text/plain\t", 7])
def test_a_type_that_no_header_can_hold_is_refused(
    server: CloudStorage, kind: str, content_type: object
) -> None:
    refused = ask(server, kind, {"name": "name", "contentType": content_type})

    assert refusal_of(refused) == (400, "invalid")


METADATA: dict[str, dict[str, Any]] = {
    "in all": {str(number): "x" * 1000 for number in range(9)},
    "a name": {"n" * 1025: ""},
    "a value": {"n": "ä" * 2049},
    "no name": {"": "x"},
    "no text": {"n": 1},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_metadata_beyond_the_limits_is_refused(
    server: CloudStorage, kind: str, metadata: dict[str, Any]
) -> None:
    refused = ask(server, kind, {"name": "name", "metadata": metadata})

    assert refusal_of(refused) == (400, "invalid")
    assert "metadata" not in server.objects.get("name", {})
    assert server.open_sessions == 0


def test_metadata_is_counted_with_what_was_there_before(server: CloudStorage) -> None:
    server.put("name", b"", metadata={"a": "x" * 4000, "b": "x" * 4000})

    def patch(value: str | None, name: str) -> int:
        url = f"{server.url}/storage/v1/b/landing/o/name"
        return requests.patch(url, json={"metadata": {name: value}}, timeout=10).status_code

    assert [patch("x" * 200, "c"), patch(None, "a"), patch("x" * 200, "c")] == [400, 200, 200]


NAMES = ["n" * 1025, "ä" * 513, "a\nb", "a\rb", ".well-known/acme-challenge/x"]
DOTS = [(kind, name) for kind in ("multipart", "session") for name in (".", "..")]
"""Clients take them out of a path."""


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("multipart", "session", "compose") for name in NAMES] + DOTS,
)
def test_names_that_no_object_can_have_are_refused(
    server: CloudStorage, kind: str, name: str
) -> None:
    assert refusal_of(ask(server, kind, {"name": name})) == (400, "invalid")


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (32, 200), (33, 400)])
def test_1_to_32_objects_can_be_composed(server: CloudStorage, count: int, status: int) -> None:
    server.put("part", b"x")
    asked = {"sourceObjects": [{"name": "part"}] * count}

    url = f"{server.url}/storage/v1/b/landing/o/name/compose"

    assert requests.post(url, json=asked, timeout=10).status_code == status


def change(server: CloudStorage, kind: str) -> requests.Response:
    """Act on the object called name, which is there."""
    url = f"{server.url}/storage/v1/b/landing/o/name"
    if kind == "patch":
        return requests.patch(url, json={}, timeout=10)
    if kind == "delete":
        return requests.delete(url, timeout=10)
    if kind == "finalise":
        session = ask(server, "session", {"name": "name"}).headers["Location"]
        return requests.put(session, b"data", timeout=10)
    return ask(server, kind, {"name": "name"})


WRITES = ["multipart", "compose", "finalise"]


@pytest.mark.parametrize("limits", ["none", "separate", "shared"])
@pytest.mark.parametrize("first", WRITES)
@pytest.mark.parametrize("second", [*WRITES, "patch", "delete"])
def test_changes_of_one_name_are_counted_together_or_apart(
    limits: Any, first: str, second: str
) -> None:
    with CloudStorage(ways=Ways(limits=limits, limit_seconds=600)) as server:
        assert change(server, first).ok
        answer = change(server, second)

        if limits == "none" or (limits == "separate" and second == "patch"):
            assert answer.ok
        else:
            assert refusal_of(answer) == (429, "rateLimitExceeded")
            assert answer.json()["error"]["errors"][0]["domain"] == "usageLimits"
            assert "landing/name" in answer.text
        assert ask(server, "multipart", {"name": "other"}).ok


def test_a_limit_is_over_in_time_and_a_refused_change_does_not_prolong_it() -> None:
    times = iter([0.0, 0.5, 0.9, 1.0])
    limits = MutationLimits(Ways(limits="shared", limit_seconds=1), lambda: next(times))
    limits.admit("b", "name", "write")

    for _ in range(2):
        with pytest.raises(Refusal):
            limits.admit("b", "name", "update")
    limits.admit("b", "name", "update")


class Session:
    """An upload of DATA, spoken by hand, all but the tail of which is there."""

    def __init__(self, server: CloudStorage) -> None:
        self.url = ask(server, "session", {"name": "name"}).headers["Location"]
        self.send(0, 2 * STEP)

    def send(self, start: int, end: int, crc32c: str | None = None) -> int:
        headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(DATA)}"}
        if crc32c:
            headers["x-goog-hash"] = f"crc32c={crc32c}"
        return requests.put(self.url, DATA[start:end], headers=headers, timeout=10).status_code

    def finish(self, crc32c: str | None = None) -> int:
        return self.send(2 * STEP, len(DATA), crc32c)

    def status(self) -> requests.Response:
        headers = {"Content-Range": f"bytes */{len(DATA)}"}
        return requests.put(self.url, headers=headers, timeout=10)

    def cancel(self) -> int:
        return requests.delete(self.url, timeout=10).status_code


@pytest.mark.parametrize(
    ("way", "status", "end", "sessions"),
    [("gone", 410, 410, 0), ("object", 200, 200, 0), ("open", 308, 400, 1)],
)
def test_a_refused_end_leaves_a_session_that_is_gone_done_or_open(
    way: Any, status: int, end: int, sessions: int
) -> None:
    with CloudStorage(ways=Ways(after_refusal=way)) as server:
        session = Session(server)

        assert session.finish(WRONG) == 400
        assert session.status().status_code == status
        assert session.finish(WRONG) == end
        assert server.objects == {}
        assert server.open_sessions == sessions


@pytest.mark.parametrize("after", [404, 410, 499])
@pytest.mark.parametrize("again", [204, 404, 499])
def test_a_cancelled_session_answers_as_it_is_told_to(after: Any, again: Any) -> None:
    with CloudStorage(ways=Ways(after_cancel=after, cancel_again=again)) as server:
        session = Session(server)

        assert session.cancel() == 499
        assert session.cancel() == again
        assert session.status().status_code == after
        assert session.finish() == after
        assert server.open_sessions == 0


def test_odd_chunks_can_be_kept() -> None:
    with CloudStorage(ways=Ways(odd_chunks="kept")) as server:
        url = ask(server, "session", {"name": "name"}).headers["Location"]
        headers = {"Content-Range": f"bytes 0-99/{len(DATA)}"}

        kept = requests.put(url, DATA[:100], headers=headers, timeout=10)

        assert (kept.status_code, kept.headers["Range"]) == (308, "bytes=0-99")


@pytest.mark.parametrize(("ends", "again"), [(False, 429), (True, 410)])
def test_an_end_that_comes_too_early_is_sent_again_or_costs_the_session(
    ends: bool, again: int
) -> None:
    ways = Ways(limits="shared", limit_seconds=600, limit_ends_sessions=ends)
    with CloudStorage(ways=ways) as server:
        assert change(server, "multipart").ok
        session = Session(server)

        assert session.finish() == again
        assert session.status().status_code == (410 if ends else 308)
        assert server.open_sessions == (0 if ends else 1)
        assert server.content("name") == b"data"
