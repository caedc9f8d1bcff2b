"""A stand-in for Cloud Storage's JSON API that keeps its promises, and breaks them on demand.

In a test: `with CloudStorage(bucket="landing") as server`, then `server.url` and
`server.fault(...)`. On its own: `python -m tests.servers.cloud_storage --port 4443`.
"""

import argparse
import signal
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any, Self

from tests.servers.cloud_storage_api import Api, Response
from tests.servers.cloud_storage_faults import Fault, Request, Rule
from tests.servers.cloud_storage_http import Server
from tests.servers.cloud_storage_objects import Bucket, Json
from tests.servers.cloud_storage_rules import USUAL, Refusal, Ways


class CloudStorage:
    """One bucket behind a port, served from `start` to `close`."""

    def __init__(
        self,
        bucket: str = "landing",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        directory: Path | None = None,
        md5: bool = True,
        denied_permissions: Collection[str] = (),
        ways: Ways = USUAL,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """`settings` are fields of the bucket's resource."""
        self._server = Server((host, port), self.respond)
        self.url = f"http://{host}:{self._server.server_port}"
        self._files = TemporaryDirectory(
            prefix="cloud-storage-", dir=directory, ignore_cleanup_errors=True
        )
        path = Path(self._files.name)
        self.bucket = Bucket(bucket, self.url, path, ways, md5)
        self._api = Api(self.bucket, denied_permissions, settings or {})
        self.requests: Counter[str] = Counter()
        self.bytes_received = 0
        """In the bodies of uploads, also of those that were cut or refused."""
        self._rules: list[Rule] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._files.cleanup()

    def fault(self, kind: str, *faults: Fault, times: float = 1, skip: int = 0) -> None:
        """Let so many requests of this kind, after some that go unharmed, meet these faults.

        A request meets the faults of the first rule that takes it. `finalise` is a `put`
        that ends its upload; `times=math.inf` lasts until `clear_faults`.
        """
        with self._lock:
            self._rules.append(Rule(kind, faults, times, skip))

    def clear_faults(self) -> None:
        with self._lock:
            self._rules.clear()

    @property
    def objects(self) -> dict[str, Json]:
        """The resources of the live objects, by name."""
        return {name: there.resource for name, there in self.bucket.objects().items()}

    @property
    def open_sessions(self) -> int:
        return sum(session.is_open for session in list(self._api.sessions.values()))

    def forget_sessions(self) -> None:
        """Know no upload any more, as the service may: 404 for all that comes to them."""
        self._api.sessions.clear()

    @property
    def session_ids(self) -> list[str]:
        """Of all uploads that were ever begun: who knows one may write."""
        return list(self._api.sessions)

    def content(self, name: str) -> bytes:
        return self.bucket.find(name, {}).path.read_bytes()

    def put(self, name: str, data: bytes, **fields: Any) -> Json:
        """Create or replace an object at once, as another worker would; no limit counts it."""
        with self.bucket.new_content() as content:
            content.append(data)
            return self.bucket.insert(name, content, fields, {}).resource

    def patch(self, name: str, **changes: Any) -> Json:
        return self.bucket.patch(name, changes, {}).resource

    def delete(self, name: str) -> None:
        self.bucket.delete(name, {})

    def state(self) -> Json:
        """What GET /_test/state tells a test in another process."""
        with self._lock:
            requests = dict(self.requests)
        return {
            "openSessions": self.open_sessions,
            "objects": self.objects,
            "requests": requests,
            "bytesReceived": self.bytes_received,
        }

    def respond(self, request: Request) -> Response:
        if request.kind == "state":
            return Response.of(self.state())
        faults = self._admit(request)
        try:
            for fault in faults:
                fault.before(request)
            response = self._api.process(request)
        except Refusal as refusal:
            response = Response.refusing(refusal)
        request.body.drain()
        for fault in faults:
            fault.after(request)
        return response

    def _admit(self, request: Request) -> tuple[Fault, ...]:
        if request.kind in ("put", "multipart"):
            request.body.on_bytes = self._count_bytes
        with self._lock:
            self.requests[request.kind] += 1
            rule = next((rule for rule in self._rules if rule.takes(request)), None)
        return rule.faults if rule else ()

    def _count_bytes(self, count: int) -> None:
        with self._lock:
            self.bytes_received += count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", default="landing")
    parser.add_argument("--directory", type=Path, help="where the bytes of objects go")
    parser.add_argument("--no-md5", action="store_true", help="spare the time for MD5")
    options = parser.parse_args()
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with CloudStorage(
        options.bucket,
        host=options.host,
        port=options.port,
        directory=options.directory,
        md5=not options.no_md5,
    ) as server:
        print(server.url, flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
