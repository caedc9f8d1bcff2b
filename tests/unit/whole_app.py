"""The app as `main.py` wires it and as openapi.yaml specifies it, over stand-ins."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.spec import read_operations
from main import SPEC, assemble
from settings import read_settings
from tests.fakes import FakeTopic, etag_of, impatient_budget
from tests.unit.transfer.house import A, House, new_house
from tests.unit.transfer.test_presigned_url import LISTED
from tests.unit.transfer.urls import BUCKET, KEY, PATH, url
from transfer.admission import Admission

API_KEY, SCOPED_KEY, OLD_KEY = "canary-api-key-5d1f", "canary-scoped-77aa", "canary-old-90bc"
KEYS = [
    {"name": "lambda", "sha256": hashlib.sha256(API_KEY.encode()).hexdigest()},
    {
        "name": "scoped",
        "sha256": hashlib.sha256(SCOPED_KEY.encode()).hexdigest(),
        "buckets": ["dogs-*"],
    },
    {
        "name": "old",
        "sha256": hashlib.sha256(OLD_KEY.encode()).hexdigest(),
        "expires": "2026-01-01T00:00:00Z",
    },
]
MESSAGE = {
    "Bucket": BUCKET,
    "ObjectKey": KEY,
    "PresignedUrl": url(LISTED, f"/{BUCKET}{PATH}"),
    "ETag": etag_of(A),
    "ContentLength": len(A),
}


@dataclass
class WholeApp:
    """One Landfall behind a test client."""

    house: House
    admission: Admission
    client: FlaskClient

    def send(self, fields: Mapping[str, object] = MESSAGE, **beside: object) -> TestResponse:
        return self.post("/processmessage", {"inputMessage": fields, **beside})

    def post(self, path: str, body: object, api_key: str = API_KEY) -> TestResponse:
        return self.client.post(path, json=body, headers={"x-api-key": api_key})

    def get(self, path: str, api_key: str = API_KEY, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query, headers={"x-api-key": api_key})


def whole_app(folder: Path, topic: FakeTopic | None = None, **settings: str) -> WholeApp:
    least = {"API_KEYS": json.dumps(KEYS), "SOURCE_BUCKETS": "*", "S3_ENDPOINTS": LISTED}
    house, admission = new_house(folder / "bucket"), Admission(1)
    house.topic = topic or house.topic
    app = assemble(
        read_settings({**least, **settings}),
        read_operations(SPEC),
        admission,
        house.source,
        house.store,
        house.topic,
        impatient_budget,
    )
    return WholeApp(house, admission, app.test_client())
