"""Keys that no person would choose land, are found, announced and logged, on both stores."""

import hashlib
import http.client
import json
import logging
from contextlib import closing
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest

from adapters.file_names import plain_path
from tests.faults.places import DirectoryPlace, Place
from tests.faults.rig import API_KEY, BUCKET, LARGE, Rig, body_of, running
from tests.odd_keys import CONTROLS, ODD_KEYS, REFUSED_KEYS
from tests.servers.scripted_s3 import ScriptedS3
from tests.unit.transfer.urls import query

ONE_KEY = json.dumps([{"name": "only", "sha256": hashlib.sha256(API_KEY.encode()).hexdigest()}])
"""Which no other key's objects could meet, whatever the template is."""
TEMPLATES = {"{bucket}/{key}": f"{BUCKET}/", "{key}": ""}


def message_about(rig: Rig, key: str) -> bytes:
    url = f"{rig.s3.origin}/{BUCKET}/{quote(key)}?{query()}"
    return rig.message(ObjectKey=key, PresignedUrl=url)


def ask(rig: Rig, key: str) -> tuple[int, Any]:
    path = f"/objects?{urlencode({'bucket': BUCKET, 'key': key})}"
    with closing(http.client.HTTPConnection("127.0.0.1", rig.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"x-api-key": API_KEY})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def bytes_at(place: Place, name: str) -> bytes | None:
    return place.read(str(plain_path(name)) if isinstance(place, DirectoryPlace) else name)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
def test_an_odd_key_lands_under_its_own_name(
    place: Place, s3: ScriptedS3, key: str, template: str
) -> None:
    name, body = TEMPLATES[template] + key, f"bytes of {key!a}".encode()
    etag = s3.put(key, body)
    with running(place, s3, OBJECT_NAME=template, API_KEYS=ONE_KEY) as rig:
        landed, again = (rig.send(message_about(rig, key)) for _ in range(2))
        status, found = ask(rig, key)

    assert (landed.outcome, again.outcome) == ((200, "landed"), (200, "already-landed"))
    assert (status, found["status"]) == (200, "landed")
    assert landed.json["object"]["name"] == found["object"]["name"] == name
    assert found["source"] == {"bucket": BUCKET, "key": key, "etag": etag}
    assert landed.json["source"] == found["source"]
    assert bytes_at(place, name) == body
    metadata = place.metadata(name)
    assert metadata is not None
    assert metadata["s3-key"] == key
    [heard] = place.heard()
    assert heard["objectId"] == name
    assert (unquote(heard["s3Key"]), unquote(heard["ce-subject"])) == (key, f"objects/{name}")
    assert heard["s3Key"].isascii()
    assert heard["s3Key"].isprintable()


def test_an_odd_key_lands_through_an_upload_session_too(rig: Rig) -> None:
    body = body_of(LARGE)
    rig.s3.put(CONTROLS, body)

    assert rig.send(message_about(rig, CONTROLS)).outcome == (200, "landed")
    assert bytes_at(rig.place, f"{BUCKET}/{CONTROLS}") == body


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
def test_an_odd_key_has_one_line_in_the_log_and_commands_no_terminal(
    in_directory: Rig, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    caplog.set_level(logging.INFO, "landfall.requests")
    in_directory.s3.put(key, b"body")

    in_directory.send(message_about(in_directory, key))

    [line] = [text for text in caplog.messages if text.startswith("landed ")]
    assert line.isprintable()
    assert f"s3://{BUCKET}/{ascii(key)[1:-1]}" in line


@pytest.mark.parametrize("key", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_key_that_cloud_storage_takes_under_no_name_is_refused_with_what_helps(
    rig: Rig, key: str
) -> None:
    rig.s3.put(key, b"body")

    refusal = rig.send(message_about(rig, key))
    status, found = ask(rig, key)

    assert refusal.outcome == (400, "INVALID_MESSAGE")
    assert "copy the object to another key" in refusal.json["error"]["message"]
    assert (status, found["error"]["message"]) == (400, refusal.json["error"]["message"])
    assert rig.s3.asked == []
    rig.assert_nothing_happened()
