"""CPU of each step of a small message, alone and one after the other: where the time goes.

    python -m bench.steps SETTINGS

SETTINGS is JSON: Landfall's environment, and the load. It is started by `python -m bench steps`.
"""

import base64
import io
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import google_crc32c
from werkzeug.test import run_wsgi_app

from adapters.gcs_store import GcsStore
from adapters.pubsub_topic import PubSubTopic
from adapters.s3_source import S3Source
from bench.figures import spread, table
from bench.large import load_of, sink
from bench.movers import KEY, Load, environment_of, message_of
from bench.objects import Made
from bench.processes import NEAR, output_of
from bench.source import Source
from transfer.message import parse_message
from transfer.notification import notification_of
from transfer.store import ABSENT, ObjectHeaders, Token

CALLS, ROUNDS = 1000, 5
HEADERS = ObjectHeaders(content_type="application/octet-stream")


def measure(
    folder: Path, source: Source, made: Made, authorities: Path, topic: dict[str, str]
) -> str:
    """Return a table of the steps, of a process that has the near processor."""
    with sink(folder) as url:
        load = load_of(made, source.plain, url)
        settings = environment_of(folder, url, [source.plain], authorities, **topic)
        told = json.dumps({"environment": settings, "load": asdict(load)})
        rows = json.loads(output_of([sys.executable, "-m", "bench.steps", told], NEAR))
    return table(["step", "CPU ms"], rows)


def main() -> int:
    told = json.loads(sys.argv[1])
    os.environ.update(told["environment"])
    print(json.dumps([[name, _cost(step)] for name, step in _steps(Load(**told["load"])).items()]))
    return 0


def _steps(load: Load) -> dict[str, Callable[[], object]]:
    fields = json.loads(message_of(load.anew()))["inputMessage"]
    message = parse_message(fields, {load.origin})
    store, topic = GcsStore("landing"), PubSubTopic(os.environ["NOTIFICATION_TOPIC"])
    source = S3Source()
    names = (f"alone/{number}" for number in count())
    data = os.urandom(load.size)
    checksum = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()

    def get() -> object:
        with source.open(message.url, message.etag, 0, time.monotonic() + 60) as opened:
            return opened.read(load.size)

    def create() -> Any:
        upload = store.create(next(names), load.size, HEADERS, ABSENT)
        return upload.finish(data, checksum)

    landed = create()
    token = Token(landed.generation, 0)
    call = _caller()
    return {
        "STAT": lambda: store.stat("nothing"),
        "GET": get,
        "create": create,
        "publish": lambda: topic.publish(notification_of(landed, None)),
        "PATCH": lambda: store.patch(landed.name, token, {"landfall-notified": "1"}),
        "a message that is refused: Flask, key, body": lambda: call(b"{}", 400),
        "a message that lands, all of the above": lambda: call(message_of(load.anew()), 200),
    }


def _caller() -> Callable[[bytes, int], None]:
    """Return what hands a body to the app as gunicorn would, and expects this status."""
    from main import start

    app = start(os.environ)
    logging.disable()

    def call(body: bytes, status: int) -> None:
        answer, told, _ = run_wsgi_app(app, _request(body))
        said = b"".join(answer)
        if not told.startswith(str(status)):
            raise RuntimeError(f"{told}: {said.decode()}")

    return call


def _request(body: bytes) -> dict[str, object]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/processmessage",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_X_API_KEY": KEY,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }


def _cost(step: Callable[[], object]) -> str:
    """Return milliseconds of CPU per call: the median, with least and most."""
    rounds = []
    for number in range(ROUNDS + 1):
        began = time.process_time()
        for _ in range(CALLS):
            step()
        if number:  # the first is to warm up
            rounds.append((time.process_time() - began) / CALLS * 1000)
    found = spread(rounds)
    return f"{found.median:.2f} ({found.least:.2f}-{found.most:.2f})"


if __name__ == "__main__":
    sys.exit(main())
