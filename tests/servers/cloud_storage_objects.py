"""The objects that the stand-in for Cloud Storage holds, and when they may change."""

import base64
import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Self
from urllib.parse import quote

import google_crc32c

from tests.servers.cloud_storage_rules import (
    MAX_COMPONENTS,
    MutationLimits,
    Refusal,
    Ways,
    check_fields,
    invalid,
)

Json = dict[str, Any]
HASHES = ("crc32c", "md5Hash")
WRITABLE = (
    *("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType"),
    *("contexts", "customTime", "metadata", "storageClass"),
)


class Content:
    """Bytes in a file of their own, hashed while they arrive; dropped if their block fails."""

    def __init__(self, path: Path, with_md5: bool) -> None:
        self.path = path
        self.size = 0
        self._crc32c = 0
        self._md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        path.touch(exist_ok=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure:
            self.path.unlink()

    def append(self, block: bytes) -> None:
        with self.path.open("ab", buffering=0) as file:  # an abandoned upload holds no descriptor
            file.write(block)
        self._crc32c = google_crc32c.extend(self._crc32c, block)
        if self._md5:
            self._md5.update(block)
        self.size += len(block)

    def hashes(self) -> dict[str, str]:
        """Base64 of the big-endian bytes, under the names that object resources use."""
        digests = {"crc32c": self._crc32c.to_bytes(4, "big")}
        if self._md5:
            digests["md5Hash"] = self._md5.digest()
        return {name: base64.b64encode(digest).decode() for name, digest in digests.items()}

    def verify(self, expected: Mapping[str, str], refusal_status: int) -> None:
        labels = {"crc32c": "CRC32C", "md5Hash": "MD5 hash"}
        for name, actual in self.hashes().items():
            wanted = expected.get(name, actual)
            if wanted != actual:
                text = f'Provided {labels[name]} "{wanted}" doesn\'t match calculated'
                raise Refusal(refusal_status, "invalid", f'{text} {labels[name]} "{actual}".')


@dataclass(frozen=True)
class StoredObject:
    """One state of one generation: its resource, as the JSON API shows it, and its bytes."""

    resource: Json
    path: Path

    @property
    def generation(self) -> int:
        return int(self.resource["generation"])

    @property
    def metageneration(self) -> int:
        return int(self.resource["metageneration"])


class Bucket:
    """The live objects. Each change is judged and made under one lock."""

    def __init__(self, name: str, url: str, directory: Path, ways: Ways, with_md5: bool) -> None:
        self.name = name
        self.url = url
        self.limits = MutationLimits(ways)
        self._directory = directory
        self.ways, self._with_md5 = ways, with_md5
        self.tells_what_it_wrote = True
        """Whether answers to writes hold the hashes."""
        self._lock = RLock()
        self._objects: dict[str, StoredObject] = {}
        self._last_generation = 0

    def new_content(self, with_md5: bool = True) -> Content:
        return Content(self._directory / uuid.uuid4().hex, with_md5 and self._with_md5)

    def check(self, name: str, query: Mapping[str, str]) -> None:
        """Judge the preconditions of a write."""
        with self._lock:
            check_preconditions(query, self._objects.get(name))

    def find(self, name: str, query: Mapping[str, str]) -> StoredObject:
        with self._lock:
            there = self._objects.get(name)
            if there is None or int(query.get("generation", there.generation)) != there.generation:
                raise Refusal(404, "notFound", f"No such object: {self.name}/{name}")
            check_preconditions(query, there)
            return there

    def insert(
        self,
        name: str,
        content: Content,
        fields: Json,
        query: Mapping[str, str],
        hashes: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Make the content visible if hashes and preconditions hold."""
        check_fields(fields)
        content.verify(fields | dict(hashes or {}), self.ways.hash_refusal)
        with self._lock:
            there = self._objects.get(name)
            check_preconditions(query, there)
            resource = self._resource(name, self._next_generation(), content, fields)
            self._objects[name] = created = StoredObject(resource, content.path)
        if there:
            there.path.unlink()
        return created

    def phantom(self, name: str, content: Content, fields: Json) -> StoredObject:
        """What is said of an object that is not there."""
        return StoredObject(
            self._resource(name, self._next_generation(), content, fields), content.path
        )

    def compose(
        self, name: str, sources: Sequence[Json], fields: Json, query: Mapping[str, str]
    ) -> StoredObject:
        """Concatenate objects; what comes out has no MD5, and counts what it is made of."""
        if not 1 <= len(sources) <= MAX_COMPONENTS:
            raise invalid(f"The number of source components must be 1 to {MAX_COMPONENTS}.")
        with self._lock:  # between the preconditions and the result nothing may change
            parts = [self._source(source) for source in sources]
            with self.new_content(with_md5=False) as content:
                for part in parts:
                    with part.path.open("rb") as file:
                        while block := file.read(1024 * 1024):
                            content.append(block)
                composed = self.insert(name, content, fields, query)
            count = sum(part.resource.get("componentCount", 1) for part in parts)
            composed.resource["componentCount"] = count
            return composed

    def _source(self, source: Json) -> StoredObject:
        """What a compose asks for, in exactly the generation that it names."""
        asked = {key: str(source[key]) for key in ("generation",) if key in source}
        conditions = source.get("objectPreconditions", {})
        return self.find(source["name"], asked | {k: str(v) for k, v in conditions.items()})

    def patch(self, name: str, changes: Json, query: Mapping[str, str]) -> StoredObject:
        with self._lock:
            there = self.find(name, query)
            resource = merged(there.resource, writable(changes))
            check_fields(changes)
            check_fields(resource)
            resource |= versions(there.generation, there.metageneration + 1)
            resource["updated"] = timestamp(time.time())
            self._objects[name] = patched = StoredObject(resource, there.path)
            return patched

    def encrypt(self, name: str) -> None:
        """Show the object as one under a key that its owner supplied: its hashes are for him.
        https://cloud.google.com/storage/docs/encryption/customer-supplied-keys
        """
        with self._lock:
            resource = self._objects[name].resource
            resource["customerEncryption"] = {"encryptionAlgorithm": "AES256"}
            for field in HASHES:
                resource.pop(field, None)

    def delete(self, name: str, query: Mapping[str, str]) -> None:
        with self._lock:
            self.find(name, query).path.unlink()
            del self._objects[name]

    def objects(self) -> dict[str, StoredObject]:
        """A copy, ordered as the service lists them."""
        with self._lock:
            return dict(sorted(self._objects.items(), key=lambda item: item[0].encode()))

    def _next_generation(self) -> int:
        self._last_generation = max(self._last_generation + 1, time.time_ns() // 1000)
        return self._last_generation

    def _resource(self, name: str, generation: int, content: Content, fields: Json) -> Json:
        path = f"storage/v1/b/{self.name}/o/{quote(name, safe='')}"
        created = timestamp(generation / 1e6)
        return {
            "kind": "storage#object",
            "id": f"{self.name}/{name}/{generation}",
            "selfLink": f"{self.url}/{path}",
            "mediaLink": f"{self.url}/download/{path}?generation={generation}&alt=media",
            "name": name,
            "bucket": self.name,
            "contentType": "application/octet-stream",
            "storageClass": "STANDARD",
            "size": str(content.size),
            "timeCreated": created,
            "updated": created,
            "timeStorageClassUpdated": created,
            "timeFinalized": created,
            **versions(generation, 1),
            **content.hashes(),
            **merged({}, writable(fields)),
        }


def check_preconditions(query: Mapping[str, str], there: StoredObject | None) -> None:
    generation, metageneration = (there.generation, there.metageneration) if there else (0, 0)
    for what, actual in (("Generation", generation), ("Metageneration", metageneration)):
        wanted, unwanted = query.get(f"if{what}Match"), query.get(f"if{what}NotMatch")
        if wanted and int(wanted) != actual:
            text = "At least one of the pre-conditions you specified did not hold."
            raise Refusal(412, "conditionNotMet", text)
        if unwanted and int(unwanted) == actual:
            raise Refusal(304, None, "")


def merged(resource: Json, changes: Json) -> Json:
    """A JSON merge patch: null removes, maps are merged, all else replaces."""
    result = dict(resource)
    for key, change in changes.items():
        is_map = isinstance(change, dict)
        result[key] = merged(result.get(key) or {}, change) or None if is_map else change
    return {key: value for key, value in result.items() if value is not None}


def writable(fields: Json) -> Json:
    return {key: fields[key] for key in WRITABLE if key in fields}


def versions(generation: int, metageneration: int) -> Json:
    etag = base64.b64encode(f"{generation}/{metageneration}".encode()).decode()
    return {"generation": str(generation), "metageneration": str(metageneration), "etag": etag}


def timestamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
