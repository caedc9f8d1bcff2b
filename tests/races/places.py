"""The two real stores: a directory, and Cloud Storage's protocol over sockets."""

from collections.abc import Callable
from pathlib import Path

from adapters.directory_store import DirectoryStore
from adapters.gcs_store import GcsStore
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Dropped, Fault, Request
from transfer.reconciling import WalkableStore


class Directory:
    def __init__(self, folder: Path) -> None:
        self.store: WalkableStore = DirectoryStore(folder)
        self._folder = folder

    def content(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def leftovers(self) -> int:
        return len(list((self._folder / ".landfall/uploads").iterdir()))

    def hold(self, step: str, deed: Callable[[], object], lose: bool) -> bool:
        return False


class Cloud:
    """Here the answer is held back, or lost, on its way through a socket."""

    def __init__(self, server: CloudStorage, store: GcsStore, is_large: bool) -> None:
        self.store: WalkableStore = store
        self._server = server
        self._kinds = {
            "stat": "stat",
            "patch": "patch",
            "finish": "finalise" if is_large else "multipart",
        }
        if is_large:
            self._kinds["create"] = "create-session"

    def content(self, name: str) -> bytes:
        return self._server.content(name)

    def leftovers(self) -> int:
        return self._server.open_sessions

    def hold(self, step: str, deed: Callable[[], object], lose: bool) -> bool:
        if step not in self._kinds:
            return False
        self._server.fault(self._kinds[step], _Held(deed, lose))
        return True


class _Held(Fault):
    """Lets others pass when the request was processed and is not answered yet."""

    def __init__(self, deed: Callable[[], object], lose: bool) -> None:
        self._deed = deed
        self._lose = lose

    def after(self, request: Request) -> None:
        self._deed()
        if self._lose:
            raise Dropped
