"""One message, Landfall's answer to it, and one endpoint asked."""

import json
from typing import Any

from forwarder.api_key import GivenKey
from forwarder.endpoint import Endpoint
from tests.integration.conftest import API_KEY, BUCKET, RecordingServer, landfall_says

MESSAGE: dict[str, str | int] = {"Bucket": BUCKET, "ObjectKey": "one", "ETag": '"e"'}
LANDED = json.dumps(landfall_says("landed", MESSAGE)).encode()


def ask(server: RecordingServer, **beside: object) -> dict[str, Any]:
    return Endpoint(f"{server.url}/x", GivenKey(API_KEY)).send(MESSAGE, seconds=10, **beside)
