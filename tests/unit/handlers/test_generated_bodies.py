"""Generated bodies: whatever comes, the answer is one of ours and never a 5xx.

`make soak` runs the same with many more examples.
"""

import json
from typing import Any

import pytest
from flask import Response, jsonify, request
from flask.testing import FlaskClient
from hypothesis import event, given
from hypothesis import strategies as st

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.body import read_message_body
from handlers.spec import Operation
from tests.unit.transfer.test_presigned_url import LISTED
from tests.unit.transfer.urls import BUCKET, KEY, PATH, url
from transfer.message import parse_message

GOOD: dict[str, Any] = {
    "Bucket": BUCKET,
    "ObjectKey": KEY,
    "PresignedUrl": url(LISTED, f"/{BUCKET}{PATH}"),
    "ContentType": "image/png",
    "ContentLength": 7,
    "ETag": '"0123456789abcdef0123456789abcdef"',
    "VersionId": "v",
    "LastModified": "2026-03-14T09:26:53.589Z",
    "EventTime": "2026-03-14T09:26:53+01:00",
    "Sequencer": "0055AED6DCD90281E5",
    "PartSize": 8388608,
    "ChecksumType": "FULL_OBJECT",
    "ChecksumCRC32": "rZfQdw==",
    "ChecksumCRC32C": "yZRlqg==",
    "ChecksumCRC64NVME": "AAAAAAAAAAA=",
    "ChecksumSHA1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}
ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800")
VALUES = st.recursive(
    ODD, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3)
)
EITHER = {name: st.just(value) | st.just(value) | VALUES for name, value in GOOD.items()}
NEEDED = ("Bucket", "ObjectKey", "PresignedUrl")
FIELDS = st.fixed_dictionaries({name: EITHER.pop(name) for name in NEEDED}, optional=EITHER)
WRAPPED = FIELDS.map(lambda fields: {"inputMessage": fields})
COMPARED = st.builds(lambda body, only: {**body, "validateOnly": only}, WRAPPED, VALUES)
BODIES = VALUES | FIELDS | WRAPPED | COMPARED


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON, more or less: whole, cut, doubled, in other encodings, with bytes put in."""
    data = json.dumps(draw(BODIES)).encode(
        draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])), "surrogatepass"
    )
    start = draw(st.integers(0, len(data)))
    return data[:start] + draw(st.binary(max_size=4)) + data[draw(st.integers(0, 3)) + start :]


def client() -> FlaskClient:
    def land() -> Response:
        message = parse_message(read_message_body(request).fields, {LISTED})
        return jsonify({"key": message.key})

    operation = Operation("land", "POST", "/processmessage", None)
    app = create_app([operation], {"land": land}, CallerCheck([operation], tuple))
    return app.test_client()


CLIENT = client()


def test_the_body_that_the_others_are_made_from_is_good() -> None:
    answer = CLIENT.post("/processmessage", json={"inputMessage": GOOD})

    assert (answer.status_code, answer.get_json()) == (200, {"key": KEY})


@pytest.mark.filterwarnings("ignore:.*Unicode.*")
@given(data=texts() | BODIES.map(lambda body: json.dumps(body).encode()) | st.binary())
def test_a_generated_body_is_answered_in_our_own_form(data: bytes) -> None:
    answer = CLIENT.post("/processmessage", data=data, content_type="application/json")

    event(str(answer.status_code))
    body = answer.get_json()
    if answer.status_code == 200:
        assert body == {"key": KEY}
        return
    assert answer.status_code in {400, 413}
    assert body["error"]["code"] == answer.status_code
    assert body["error"]["details"][0]["reason"] in {
        "MALFORMED_BODY",
        "INVALID_MESSAGE",
        "URL_REFUSED",
        "BODY_TOO_LARGE",
    }
