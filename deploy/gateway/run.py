"""Landfall behind the answers of Cloud Endpoints, on this machine: `make gateway`."""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from deploy.gateway import esp, espv2
from deploy.gateway.envoy import GOOD_KEY, Api, Listener, configuration
from deploy.gateway.process import EnvoyFailed, running
from handlers.spec import read_operations

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SPEC = ROOT / "openapi.yaml"
WORDS = """\
like ESP (App Engine flexible)   http://127.0.0.1:{esp}
like ESPv2 (Cloud Run, GKE)      http://127.0.0.1:{espv2}

x-api-key: good-key passes. revoked-key passes the gateway, and Landfall refuses it. The gateway
refuses expired-key and any other (400), disabled-key (403), quota-key (429), and none at all (401).

  curl -i -H 'x-api-key: good-key' 'http://127.0.0.1:{esp}/objects?bucket=my-bucket&key=cats/1.png'

Ctrl-C ends it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--esp-port", type=int, default=18081)
    parser.add_argument("--espv2-port", type=int, default=18082)
    parser.add_argument("--backend-port", type=int, default=18080, help="where Landfall listens")
    given = parser.parse_args()
    flavours = {
        Listener(given.esp_port, given.backend_port, esp.DEADLINE_SECONDS): esp.manager,
        Listener(given.espv2_port, given.backend_port, espv2.DEADLINE_SECONDS): espv2.manager,
    }
    file, ports = configuration(read_api(), flavours), (given.esp_port, given.espv2_port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left running
    try:
        with (
            TemporaryDirectory() as folder,
            running(file, ports, Path(folder)),
            _landfall(given.backend_port) as landfall,
        ):
            print(WORDS.format(esp=given.esp_port, espv2=given.espv2_port), flush=True)
            return landfall.wait()
    except KeyboardInterrupt:
        return 0
    except EnvoyFailed as failure:
        sys.exit(str(failure))


def read_api() -> Api:
    """Return what openapi.yaml says, as the service itself reads it."""
    host = yaml.safe_load(SPEC.read_text("utf-8"))["host"]
    return Api(read_operations(SPEC), host)


@contextmanager
def _landfall(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve with the settings of the environment, but for the keys: good-key is the only one."""
    digest = hashlib.sha256(GOOD_KEY.encode()).hexdigest()
    others = {k: v for k, v in os.environ.items() if k not in ("API_KEYS_FILE", "API_KEYS_SECRET")}
    settings = {
        "SOURCE_BUCKETS": "*",
        **others,
        "API_KEYS": json.dumps([{"name": "gateway", "sha256": digest}]),
        "HOST": "127.0.0.1",  # everybody knows this key
        "PORT": str(port),
    }
    process = subprocess.Popen([str(PROGRAMS / "gunicorn")], cwd=ROOT, env=settings)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
