"""Cloud Storage as the store.

Before it works: the bucket exists, and the service's account holds
roles/storage.objectUser on it. On a laptop set STORAGE_EMULATOR_HOST.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from google.cloud import storage

from adapters.gcs_advice import lacks_permission
from adapters.gcs_api import GcsApi
from adapters.gcs_errors import translated, translated_write
from adapters.gcs_patience import DEFAULT, Patience
from adapters.gcs_refusals import Refusal
from adapters.gcs_resources import resource_of, stored_object, written_object
from adapters.gcs_upload import SessionUpload, SmallUpload
from adapters.kept_connections import KeptConnections
from adapters.late_client import LateClient
from transfer.errors import Misconfigured, TokenMoved
from transfer.store import STEP, ObjectHeaders, StoredObject, Token, Upload

_PERMISSIONS = [f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list", "update")]


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
        self._connections = KeptConnections()
        self._late_api: LateClient[GcsApi] = LateClient(
            lambda: GcsApi(new_client(), bucket, self._connections, patience),
            patience.call_seconds,
        )

    def stat(self, name: str) -> StoredObject | None:
        with translated(self._name):
            try:
                return stored_object(self._api().get(name))
            except Refusal as refusal:
                if not _is_object_missing(refusal):
                    raise
                return None

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        resource, conditions = resource_of(name, headers), _conditions(token)
        with translated(self._name, is_conditional=True):
            if size <= STEP:
                return SmallUpload(self._api(), self._name, resource, conditions, deadline)
            session_url = self._api().begin(resource, size, conditions, deadline)
        return SessionUpload(
            self._connections, session_url, self._name, size, self._patience, deadline
        )

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        with translated(self._name, is_conditional=True):
            try:
                found = self._api().patch(name, _conditions(token), {"metadata": dict(metadata)})
                if "metageneration" not in found:  # fake-gcs-server answers with less than it did
                    found = self._api().get(name)
            except Refusal as refusal:
                if not _is_object_missing(refusal):
                    raise
                raise TokenMoved from None
            return stored_object(found)

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        page: str | None = ""
        while page is not None:
            with translated(self._name):
                found = self._api().list_page(prefix, page)
            for resource in found.get("items", []):
                yield stored_object(resource)
            page = found.get("nextPageToken")

    def compose(
        self,
        name: str,
        parts: Sequence[StoredObject],
        headers: ObjectHeaders,
        token: Token,
        deadline: float,
    ) -> StoredObject:
        generations = [(part.name, part.generation) for part in parts]
        resource, conditions = resource_of(name, headers), _conditions(token)
        self._api().expect_time(deadline)  # before it is sent, nothing is in doubt
        with translated_write(self._name):
            try:
                found = self._api().compose(name, generations, resource, conditions, deadline)
            except Refusal as refusal:
                if not _is_object_missing(refusal):
                    raise
                raise TokenMoved from None  # a part is gone
            return written_object(found)

    def delete(self, there: StoredObject) -> None:
        deadline = self._patience.clock() + self._patience.tidy_seconds
        with translated(self._name):
            try:
                # Named so, nothing of it is kept in a bucket that keeps old versions.
                self._api().delete(there.name, there.generation, deadline)
            except Refusal as refusal:
                if not _is_object_missing(refusal):
                    raise  # else it is gone already, or another is there now

    def check(self) -> None:
        with translated(self._name):
            granted = self._api().test_permissions(_PERMISSIONS).get("permissions", [])
        lacking = sorted(set(_PERMISSIONS) - set(granted))
        if lacking:
            raise Misconfigured(
                f"The service may not use the landing bucket {self._name} fully: it lacks "
                f"{', '.join(lacking)}. Grant its account roles/storage.objectUser."
            )

    def settings(self) -> Mapping[str, Any] | None:
        """Return the bucket's resource; None if the account may not look, which it need not.

        Raises:
            StoreUnavailable, Misconfigured
        """
        with translated(self._name):
            try:
                return self._api().bucket()
            except Refusal as refusal:
                if not lacks_permission(refusal):
                    raise
                return None

    def _api(self) -> GcsApi:
        return self._late_api.get()


def _is_object_missing(refusal: Refusal) -> bool:
    """Whether the object is missing, and not the whole bucket."""
    return refusal.status == 404 and refusal.key != "nosuchbucket"


def _conditions(token: Token) -> dict[str, int]:
    """https://cloud.google.com/storage/docs/request-preconditions"""
    conditions = {"ifGenerationMatch": token.generation}
    if token.metageneration:
        conditions["ifMetagenerationMatch"] = token.metageneration
    return conditions
