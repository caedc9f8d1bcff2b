"""Every call of Cloud Storage that the adapter makes, by the kind that the stand-in knows it by."""

import math
from collections.abc import Callable, Mapping

from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, content_of, crc32c, land, pieces
from transfer.store import ABSENT, STEP, StoredObject, Token, Upload

DATA = content_of(2 * STEP + 7)
THERE, NEW = "there", "new"
Call = Callable[[GcsStore], object]


def there(gcs: GcsStore) -> StoredObject:
    found = gcs.stat(THERE)
    assert found is not None
    return found


def _begun(gcs: GcsStore) -> Upload:
    return gcs.create(NEW, len(DATA), HEADERS, ABSENT)


def _put(gcs: GcsStore) -> int:
    return _begun(gcs).send(pieces(DATA, 0, 2 * STEP), 0, 2 * STEP)


def _status(gcs: GcsStore) -> int:
    return _begun(gcs).persisted()


def _finalise(gcs: GcsStore) -> StoredObject:
    upload = _begun(gcs)
    upload.send(pieces(DATA, 0, 2 * STEP), 0, 2 * STEP)
    return upload.finish(DATA[2 * STEP :], crc32c(DATA))


READS: Mapping[str, Call] = {
    "stat": lambda gcs: gcs.stat(THERE),
    "list": lambda gcs: list(gcs.walk("")),
    "permissions": lambda gcs: gcs.check(),
    "bucket": lambda gcs: gcs.settings(),
    "delete": lambda gcs: gcs.delete(there(gcs)),
}
"""Those without a precondition; `delete` names a generation."""
BEGINNINGS: Mapping[str, Call] = {
    "create-session": _begun,
    "status": _status,
}
WRITES: Mapping[str, Call] = {
    "multipart": lambda gcs: land(gcs, NEW, b"small"),
    "finalise": _finalise,
    "compose": lambda gcs: gcs.compose(NEW, [there(gcs)], HEADERS, ABSENT, math.inf),
}
CHANGES: Mapping[str, Call] = {
    "patch": lambda gcs: gcs.patch(THERE, Token(there(gcs).generation, 0), {"mine": "yes"}),
}
PUTS: Mapping[str, Call] = {"put": _put}
CONDITIONAL: Mapping[str, Call] = {**BEGINNINGS, **WRITES, **CHANGES, **PUTS}
EVERY: Mapping[str, Call] = {**READS, **CONDITIONAL}
