"""Cloud Storage as the store.

Before it works: the bucket exists, and the service's account holds
roles/storage.objectUser on it. On a laptop set STORAGE_EMULATOR_HOST.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from google.api_core import exceptions as api
from google.cloud import storage
from requests.adapters import HTTPAdapter

from adapters.gcs_errors import missing, translated
from adapters.gcs_patience import DEFAULT, Patience
from adapters.gcs_upload import SessionUpload, SmallUpload
from adapters.late_client import LateClient
from transfer.errors import Misconfigured, TokenMoved
from transfer.store import STEP, ObjectHeaders, StoredObject, Token, Upload

_PERMISSIONS = [f"storage.objects.{verb}" for verb in ("create", "delete", "get", "update")]
_MAX_CONNECTIONS = 64


class GcsStore:
    """Objects of one bucket. Threads may share it; each process makes its own clients."""

    def __init__(
        self,
        bucket: str,
        new_client: Callable[[], storage.Client] = storage.Client,
        patience: Patience = DEFAULT,
    ) -> None:
        self._name = bucket
        self._patience = patience
        self._bucket: LateClient[storage.Bucket] = LateClient(
            lambda: new_client().bucket(bucket), patience.call_seconds
        )
        # Session URLs need no credentials, and .netrc must not add any.
        self._uploads = requests.Session()
        self._uploads.trust_env = False
        for scheme in ("https://", "http://"):
            self._uploads.mount(scheme, HTTPAdapter(pool_maxsize=_MAX_CONNECTIONS))

    def stat(self, name: str) -> StoredObject | None:
        with translated(self._name):
            blob = self._blob(name)
            try:
                blob.reload(**self._limits())
            except api.NotFound as error:
                if "bucket does not exist" in error.message:
                    raise missing(self._name) from None
                return None
            return _stored(self._name, blob)

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        with translated(self._name):
            blob = self._blob(name)
            _set_headers(blob, headers)
            if size <= STEP:
                return SmallUpload(
                    blob,
                    headers,
                    token,
                    lambda: self._limits(deadline),
                    lambda: _stored(self._name, blob),
                )
            session_url = blob.create_resumable_upload_session(
                content_type=headers.content_type,
                size=size,
                checksum=None,
                if_generation_match=token.generation,
                if_metageneration_match=token.metageneration or None,
                **self._limits(deadline),
            )
        return SessionUpload(
            self._uploads, session_url, self._name, size, headers, self._patience, deadline
        )

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        with translated(self._name):
            blob = self._blob(name)
            blob.metadata = dict(metadata)
            try:
                blob.patch(
                    if_generation_match=token.generation,
                    if_metageneration_match=token.metageneration or None,
                    **self._limits(),
                )
            except api.NotFound:
                raise TokenMoved from None
            if blob.metageneration is None:  # fake-gcs-server answers with less than it did
                blob.reload(**self._limits())
            return _stored(self._name, blob)

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        with translated(self._name):
            for blob in self._bucket.get().list_blobs(prefix=prefix, **self._limits()):
                yield _stored(self._name, blob)

    def check(self) -> None:
        with translated(self._name):
            granted = self._bucket.get().test_iam_permissions(_PERMISSIONS, **self._limits())
        lacking = sorted(set(_PERMISSIONS) - set(granted))
        if lacking:
            raise Misconfigured(
                f"The service may not use the landing bucket {self._name} fully: it lacks "
                f"{', '.join(lacking)}. Grant its account roles/storage.objectUser."
            )

    def _blob(self, name: str) -> storage.Blob:
        blob: storage.Blob = self._bucket.get().blob(name)
        return blob

    def _limits(self, deadline: float = math.inf) -> dict[str, Any]:
        """How long one call may take, in the words of the client library."""
        patience = self._patience
        return {"timeout": patience.for_answer(deadline), "retry": patience.retry(deadline)}


def _set_headers(blob: storage.Blob, headers: ObjectHeaders) -> None:
    blob.content_type = headers.content_type
    blob.metadata = dict(headers.metadata)
    if headers.cache_control is not None:
        blob.cache_control = headers.cache_control
    if headers.content_disposition is not None:
        blob.content_disposition = headers.content_disposition
    if headers.content_language is not None:
        blob.content_language = headers.content_language
    if headers.content_encoding is not None:
        blob.content_encoding = headers.content_encoding


def _stored(bucket: str, blob: storage.Blob) -> StoredObject:
    return StoredObject(
        bucket=bucket,
        name=blob.name,
        generation=int(blob.generation),
        metageneration=int(blob.metageneration),
        size=int(blob.size or 0),  # servers that speak protobuf leave zeros out
        crc32c=blob.crc32c,
        md5=blob.md5_hash,
        headers=ObjectHeaders(
            content_type=blob.content_type,
            cache_control=blob.cache_control,
            content_disposition=blob.content_disposition,
            content_language=blob.content_language,
            content_encoding=blob.content_encoding,
            metadata=dict(blob.metadata or {}),
        ),
        created=blob.time_created,
        updated=blob.updated,
    )
