"""Two servers with a bucket of one name, and keys that may not land the same: nothing is mixed up.

The forged object has the real one's size and its ETag, which under a KMS key is no digest of the
bytes, so that no proof stands in the way.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from settings import SettingsInvalid
from tests.faults.places import DirectoryPlace, Place
from tests.faults.rig import API_KEY, BUCKET, KEY, NAME, NARROW_KEY, Answer, Rig, running
from tests.servers.scripted_s3 import ScriptedS3
from tests.unit.transfer.urls import query

REAL, FORGED = b"the bytes of the owner", b"the bytes of a forger!"
ETAG = 32 * "7"


@pytest.fixture
def forger() -> Iterator[ScriptedS3]:
    with ScriptedS3() as server:
        server.put(KEY, FORGED, ETAG, x_amz_server_side_encryption="aws:kms")
        yield server


@pytest.fixture
def owner() -> Iterator[ScriptedS3]:
    with ScriptedS3() as server:
        server.put(KEY, REAL, ETAG, x_amz_server_side_encryption="aws:kms")
        yield server


def send(rig: Rig, server: ScriptedS3, api_key: str = API_KEY, **beside: Any) -> Answer:
    url = f"{server.origin}/{BUCKET}/{quote(KEY)}?{query()}"
    body = json.loads(rig.message(PresignedUrl=url)) | beside
    return rig.send(json.dumps(body).encode(), x_api_key=api_key)


def listed(*servers: ScriptedS3) -> str:
    return ",".join(server.origin for server in servers)


def keys(**origins: Any) -> str:
    """The two keys of the tests, with these fields besides."""
    named = {"wide": API_KEY, "narrow": NARROW_KEY}
    entries = [
        {"name": name, "sha256": hashlib.sha256(named[name].encode()).hexdigest(), **fields}
        for name, fields in origins.items()
    ]
    return json.dumps(entries)


def test_a_forged_object_never_passes_for_the_real_one(
    place: Place, owner: ScriptedS3, forger: ScriptedS3
) -> None:
    with running(place, owner, S3_ENDPOINTS=listed(owner, forger)) as rig:
        assert send(rig, forger).outcome == (200, "landed")
        assert send(rig, owner, validateOnly=True).outcome == (200, "different")

        assert send(rig, owner).outcome == (200, "landed")
        assert send(rig, owner).outcome == (200, "already-landed")
        assert send(rig, owner, validateOnly=True).outcome == (200, "landed")

        rig.assert_landed(REAL)
        metadata = place.metadata(NAME)
        assert metadata is not None
        assert metadata["s3-origin"] == owner.origin
        assert send(rig, forger, validateOnly=True).outcome == (200, "different")


def test_what_the_forger_landed_is_announced_before_it_is_replaced(
    place: Place, owner: ScriptedS3, forger: ScriptedS3
) -> None:
    with running(place, owner, S3_ENDPOINTS=listed(owner, forger)) as rig:
        send(rig, forger)
        forged = place.generation(NAME)
        send(rig, owner)

        assert rig.heard_of(forged) == 1
        assert rig.heard_of(place.generation(NAME)) == 1


def test_a_header_of_the_object_cannot_forge_its_origin(
    place: Place, owner: ScriptedS3, forger: ScriptedS3
) -> None:
    forger.put(
        KEY,
        FORGED,
        ETAG,
        **{"x-amz-meta-s3-origin": owner.origin, "x-amz-server-side-encryption": "aws:kms"},
    )
    with running(place, owner, S3_ENDPOINTS=listed(owner, forger)) as rig:
        send(rig, forger)
        metadata = place.metadata(NAME)
        assert metadata is not None
        assert metadata["x-amz-meta-s3-origin"] == owner.origin

        assert send(rig, owner).outcome == (200, "landed")
        assert place.read(NAME) == REAL


def test_a_key_lands_from_its_own_origins_only(
    place: Place, owner: ScriptedS3, forger: ScriptedS3
) -> None:
    api_keys = keys(wide={"origins": [owner.origin]})
    with running(place, owner, S3_ENDPOINTS=listed(owner, forger), API_KEYS=api_keys) as rig:
        for compares in (False, True):
            answer = send(rig, forger, validateOnly=compares)
            assert answer.outcome == (403, "BUCKET_NOT_ALLOWED")
            assert f"may land buckets of {owner.origin} only" in answer.json["error"]["message"]
        assert forger.asked == []
        rig.assert_nothing_happened()

        assert send(rig, owner).outcome == (200, "landed")


REFUSED = {
    "{key}": {"wide": {}, "narrow": {"buckets": ["other"]}},
    "{bucket}-{key}": {"wide": {"buckets": ["pictures"]}, "narrow": {"buckets": ["other"]}},
    "{bucket}/{key}": {"wide": {"origins": ["aws"]}, "narrow": {}},
}


@pytest.mark.parametrize("template", REFUSED)
def test_keys_whose_objects_could_meet_stop_the_start(
    tmp_path_factory: pytest.TempPathFactory, owner: ScriptedS3, template: str
) -> None:
    api_keys = keys(**REFUSED[template])
    place = DirectoryPlace(tmp_path_factory.mktemp("place"))

    with (
        pytest.raises(
            SettingsInvalid, match="The API keys do not fit the other settings: the keys"
        ),
        running(place, owner, API_KEYS=api_keys, OBJECT_NAME=template),
    ):
        pass


def test_what_another_tenant_landed_under_an_earlier_template_is_not_shown(
    place: Place, owner: ScriptedS3
) -> None:
    """The names of the buckets `pictures` and `other` met once; the keys differ since then."""
    with running(place, owner, OBJECT_NAME="{key}", API_KEYS=keys(wide={})) as rig:
        owner.put("other/secret.png", REAL)
        url = f"{owner.origin}/{BUCKET}/other/secret.png?{query()}"
        message = rig.message(ObjectKey="other/secret.png", PresignedUrl=url, ETag=None)
        assert rig.send(message).outcome == (200, "landed")

    with running(place, owner) as rig:
        fields = {
            "Bucket": "other",
            "ObjectKey": "secret.png",
            "PresignedUrl": f"{owner.origin}/other/secret.png?{query()}",
            "ETag": "e",
        }
        asked = {"inputMessage": fields, "validateOnly": True}
        compared = rig.send(json.dumps(asked).encode(), x_api_key=NARROW_KEY)
        wide = rig.send(json.dumps(asked).encode())

    assert compared.outcome == wide.outcome == (200, "different")
    assert compared.json["object"] is None
    assert (compared.json["verified"], compared.json["notification"]) == ([], None)
    assert wide.json["object"]["md5Hash"]
