"""Every bad URL of the tests, sent to a whole Landfall: refused, and nothing was looked up.

What the process does is observed through Python's audit events, so that a look-up or a
connection is seen whoever makes it.
"""

import gc
import hashlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from main import build
from settings import read_settings
from tests.unit.transfer.test_presigned_url import LISTED, LOOK_LIKE_LISTED, ORIGINS, PATHS, QUERIES
from tests.unit.transfer.test_s3_hosts import NO_HOSTS, OTHER_SERVICES
from tests.unit.transfer.test_url_signature import BAD_V2_VALUES, BAD_VALUES
from tests.unit.transfer.urls import BUCKET, HOST, KEY, PATH, SIGNATURE, V2, query, url

API_KEY = "canary-api-key-5d1f"
BY_PATH = f"/{BUCKET}{PATH}"
SLOWEST_SECONDS = 0.020


def bad_urls() -> dict[str, str]:
    """Each differs from a good URL in the one thing that its name says."""
    paths = {"virtual": PATH, "path": BY_PATH}
    urls = {f"{n}, {s}": url(o, p) for n, o in ORIGINS.items() for s, p in paths.items()}
    urls |= {n: url(o, BY_PATH) for n, o in LOOK_LIKE_LISTED.items()}
    urls |= {f"path: {n}": url(path=p) for n, p in PATHS.items()}
    urls |= {f"listed, path: {n}": url(LISTED, f"/{BUCKET}{p}") for n, p in PATHS.items()}
    urls |= {f"query: {n}": url(text=text) for n, text in QUERIES.items()}
    urls |= {f"host: {host}": url(f"https://{host}", BY_PATH) for host in OTHER_SERVICES + NO_HOSTS}
    for name, values in BAD_VALUES.items():
        urls |= {f"{name}={v}": url(text=query(**{name: v})) for v in values}
    for name, values in BAD_V2_VALUES.items():
        urls |= {f"SigV2 {name}={v}": url(text=query(V2, **{name: v})) for v in values}
    urls["another bucket"] = url(f"https://evil-bucket{HOST.removeprefix(BUCKET)}")
    urls["an override"] = url(text=query() + "&response-content-type=text%2Fhtml")
    return urls


BAD_URLS = bad_urls()


@dataclass
class Watch:
    """What this process asked of the network while `on`."""

    on: bool = False
    seen: list[str] | None = None

    def __call__(self, event: str, _: tuple[object, ...]) -> None:
        if self.on and event.startswith("socket.") and self.seen is not None:
            self.seen.append(event)


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    watch = Watch(seen=[])
    sys.addaudithook(watch)  # for good, so it is switched on and off
    yield watch
    watch.on = False


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("landfall")
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    settings = read_settings(
        {
            "API_KEYS": json.dumps([{"name": "tests", "sha256": digest}]),
            "SOURCE_BUCKETS": "*",
            "S3_ENDPOINTS": LISTED,
            "LANDING_BUCKET": f"file:{folder}/bucket",
            "NOTIFICATION_TOPIC": f"sqlite:{folder}/notifications.db",
        }
    )
    return build(settings).test_client()


def test_the_watch_sees_look_ups_and_connections(watch: Watch) -> None:
    watch.seen, watch.on = [], True

    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()

    watch.on = False
    assert {"socket.getaddrinfo", "socket.connect"} <= set(watch.seen)


def test_there_are_enough_bad_urls() -> None:
    assert len(set(BAD_URLS.values())) >= 300


@pytest.fixture(autouse=True, scope="module")
def light_heap() -> Iterator[None]:
    """What all other tests left is not gone through again while one URL is timed: collecting the
    garbage of such a process takes half a second, and of what the URL left next to nothing.
    """
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("text", BAD_URLS.values(), ids=BAD_URLS)
def test_a_bad_url_is_refused_at_once_and_nothing_is_looked_up(
    client: FlaskClient, watch: Watch, text: str
) -> None:
    fields = {"Bucket": BUCKET, "ObjectKey": KEY, "ETag": "etag-1", "PresignedUrl": text}
    body = json.dumps({"inputMessage": fields}).encode()
    watch.seen, watch.on = [], True

    began = time.thread_time()
    answer = client.post(
        "/processmessage",
        data=body,
        content_type="application/json",
        headers={"x-api-key": API_KEY},
    )
    took = time.thread_time() - began

    watch.on = False
    assert watch.seen == []
    error = answer.get_json()["error"]
    assert answer.status_code == 400
    assert error["details"][0]["reason"] in {"URL_REFUSED", "INVALID_MESSAGE"}
    assert "PresignedUrl" in error["message"]
    assert SIGNATURE not in answer.text
    assert took < SLOWEST_SECONDS
