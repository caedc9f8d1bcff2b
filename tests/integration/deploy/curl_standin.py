"""Plays curl, and the service that it asks, for deploy/gcp.sh. STANDIN as in gcloud_standin.py."""

import hashlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

HOME = Path(os.environ["STANDIN"])


def main() -> None:
    sys.stdout.write(status(sys.argv[1:]))


def status(argv: list[str]) -> str:
    stdin = sys.stdin.read() if "@-" in argv else ""
    with (HOME / "curls.jsonl").open("a") as record:
        record.write(json.dumps({"argv": argv, "stdin": stdin}) + "\n")
    state = json.loads((HOME / "state.json").read_text())
    url = urlsplit(argv[-1])
    if "SERVING" not in state["app versions"].values() or (HOME / "sick").exists():
        return "502"
    if url.path in ("/healthz", "/readyz"):
        return "200"
    digest = hashlib.sha256(stdin.removeprefix("x-api-key: ").strip().encode()).hexdigest()
    keys = json.loads(state["secrets"]["landfall-api-keys"])
    return "200" if any(key["sha256"] == digest for key in keys) else "401"
