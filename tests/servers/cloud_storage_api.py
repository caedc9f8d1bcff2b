"""What each request to the stand-in for Cloud Storage means."""

import base64
import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.cloud_storage_bodies import (
    object_name,
    read_json,
    read_related,
    stated_hashes,
    with_type,
)
from tests.servers.cloud_storage_faults import Request
from tests.servers.cloud_storage_objects import HASHES, Bucket, Json, StoredObject
from tests.servers.cloud_storage_rules import Refusal, check_fields, check_name, invalid
from tests.servers.cloud_storage_sessions import Session


@dataclass
class Response:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    part: tuple[Path, int, int] | None = None
    """A file to send instead of the body: from where, and how many bytes."""

    @classmethod
    def of(cls, resource: Any, status: int = 200, **headers: str) -> "Response":
        described = {"Content-Type": "application/json; charset=UTF-8"} | headers
        return cls(status, described, json.dumps(resource).encode())

    @classmethod
    def refusing(cls, refusal: Refusal) -> "Response":
        status, reason, message = refusal.status, refusal.reason, refusal.message
        if reason is None:
            plain = {"Content-Type": "text/plain; charset=utf-8"}
            return cls(status, plain, message.encode())
        error = {"message": message, "domain": refusal.domain, "reason": reason}
        return cls.of({"error": {"code": status, "message": message, "errors": [error]}}, status)


class Api:
    """Answers requests for one bucket; any number of threads may ask at once."""

    def __init__(
        self,
        bucket: Bucket,
        denied_permissions: Collection[str],
        settings: Mapping[str, Any],
    ) -> None:
        self.sessions: dict[str, Session] = {}
        self._bucket = bucket
        self._denied_permissions = denied_permissions
        self._settings = settings
        self._actions: dict[str, Callable[[Request], Response]] = {
            "bucket": self._describe_bucket,
            "permissions": self._test_permissions,
            "list": self._list,
            "stat": self._stat,
            "media": self._media,
            "patch": self._patch,
            "delete": self._delete,
            "compose": self._compose,
            "multipart": self._multipart,
            "create-session": self._create_session,
            "put": self._put,
            "status": self._put,
            "cancel": self._cancel,
        }

    def process(self, request: Request) -> Response:
        """Raises Refusal where the service would refuse."""
        if request.bucket != self._bucket.name:
            raise Refusal(404, "notFound", "The specified bucket does not exist.")
        if (self._settings.get("billing") or {}).get("requesterPays"):
            text = "Bucket is a requester pays bucket but no user project provided."
            raise Refusal(400, "required", text)
        if request.kind == "chunked":  # a writer that knows its size says it
            raise Refusal(411, "lengthRequired", "A Content-Length is required.")
        action = self._actions.get(request.kind)
        if action is None:
            raise Refusal(404, "notFound", "Not Found")
        try:
            return action(request)
        except ValueError as error:
            raise invalid(f"Invalid value: {error}") from error

    def _describe_bucket(self, request: Request) -> Response:
        if "storage.buckets.get" in self._denied_permissions:
            raise Refusal(403, "forbidden", "The caller does not have storage.buckets.get access.")
        name = self._bucket.name
        link = f"{self._bucket.url}/storage/v1/b/{name}"
        facts = {"kind": "storage#bucket", "id": name, "name": name, "selfLink": link}
        place = {"location": "EU", "locationType": "multi-region", "storageClass": "STANDARD"}
        return Response.of(
            {**facts, **place, "metageneration": "1", "etag": "CAE=", **self._settings}
        )

    def _test_permissions(self, request: Request) -> Response:
        asked = request.query_lists.get("permissions", [])
        granted = [one for one in asked if one not in self._denied_permissions]
        answer: Json = {"kind": "storage#testIamPermissionsResponse"}
        return Response.of(answer | ({"permissions": granted} if granted else {}))

    def _list(self, request: Request) -> Response:
        after = base64.urlsafe_b64decode(request.query.get("pageToken", "")).decode()
        prefix, limit = request.query.get("prefix", ""), int(request.query.get("maxResults", 1000))
        found = {
            name: one.resource
            for name, one in self._bucket.objects().items()
            if name.startswith(prefix) and name.encode() > after.encode()
        }
        names = list(found)[:limit]
        answer: Json = {"kind": "storage#objects"}
        if names:
            answer["items"] = [self._listed(found[name]) for name in names]
        if len(found) > limit:
            answer["nextPageToken"] = base64.urlsafe_b64encode(names[-1].encode()).decode()
        return Response.of(answer)

    def _listed(self, resource: Json) -> Json:
        """No list tells the hashes of what a key in Cloud KMS encrypts.
        https://cloud.google.com/storage/docs/encryption/customer-managed-keys#restrictions
        """
        if "encryption" not in self._settings:
            return resource
        return _without_hashes(resource)

    def _written(self, stored: StoredObject) -> Response:
        told = stored.resource
        return Response.of(told if self._bucket.tells_what_it_wrote else _without_hashes(told))

    def _stat(self, request: Request) -> Response:
        return Response.of(self._bucket.find(request.name, request.query).resource)

    def _media(self, request: Request) -> Response:
        there = self._bucket.find(request.name, request.query)
        size = int(there.resource["size"])
        headers = _media_headers(there)
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
        if asked is None:
            return Response(200, headers, part=(there.path, 0, size))
        first, last = asked.groups()
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last) + 1, size) if first and last else size
        if start >= end:
            return Response(416, {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return Response(206, headers, part=(there.path, start, end - start))

    def _patch(self, request: Request) -> Response:
        changes = read_json(request.body)
        self._bucket.limits.admit(self._bucket.name, request.name, "update")
        return Response.of(self._bucket.patch(request.name, changes, request.query).resource)

    def _delete(self, request: Request) -> Response:
        self._bucket.limits.admit(self._bucket.name, request.name, "write")
        self._bucket.delete(request.name, request.query)
        return Response(204)

    def _compose(self, request: Request) -> Response:
        asked = read_json(request.body)
        sources, fields = asked.get("sourceObjects", []), asked.get("destination", {})
        check_name(request.name)
        self._bucket.limits.admit(self._bucket.name, request.name, "write")
        stored = self._bucket.compose(request.name, sources, fields, request.query)
        return self._written(stored)

    def _multipart(self, request: Request) -> Response:
        with self._bucket.new_content() as content:
            fields = read_related(request.body, request.headers, content)
            name = object_name(request.query, fields)
            hashes = stated_hashes(request.headers)
            self._bucket.limits.admit(self._bucket.name, name, "write")
            stored = self._bucket.insert(name, content, fields, request.query, hashes)
        return self._written(stored)

    def _create_session(self, request: Request) -> Response:
        fields = read_json(request.body)
        name = object_name(request.query, fields)
        fields = with_type(fields, request.headers.get("X-Upload-Content-Type"))
        check_fields(fields)
        if self._bucket.ways.early_preconditions:
            self._bucket.check(name, request.query)
        length = request.headers.get("X-Upload-Content-Length")
        size = int(length) if length else None
        upload_id = uuid.uuid4().hex
        self.sessions[upload_id] = Session(self._bucket, name, fields, request.query, size)
        path = f"upload/storage/v1/b/{self._bucket.name}/o"
        query = f"uploadType=resumable&upload_id={upload_id}"
        return Response(200, {"Location": f"{self._bucket.url}/{path}?{query}"})

    def _put(self, request: Request) -> Response:
        if request.span is None:
            raise invalid("Content-Range and Content-Length do not agree.")
        session = self._session(request)
        if request.kind == "status":
            stored = session.status(request.span.size)
        else:
            hashes = stated_hashes(request.headers)
            stored = session.write(request.span, request.body.read, hashes, request.keep)
        if stored:
            return self._written(stored)
        persisted = session.persisted
        return Response(308, {"Range": f"bytes=0-{persisted - 1}"} if persisted else {})

    def _cancel(self, request: Request) -> Response:
        return Response(self._session(request).cancel())

    def _session(self, request: Request) -> Session:
        session = self.sessions.get(request.query.get("upload_id", ""))
        if session is None:
            raise Refusal(404, "notFound", "There is no such upload session.")
        return session


def _without_hashes(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name not in HASHES}


def _media_headers(there: StoredObject) -> dict[str, str]:
    resource = there.resource
    hashes = {"crc32c": resource["crc32c"], "md5": resource.get("md5Hash")}
    headers = {
        "Content-Type": resource["contentType"],
        "ETag": resource["etag"],
        "X-Goog-Generation": resource["generation"],
        "X-Goog-Metageneration": resource["metageneration"],
        "X-Goog-Hash": ",".join(f"{key}={value}" for key, value in hashes.items() if value),
        "X-Goog-Stored-Content-Length": resource["size"],
        "X-Goog-Stored-Content-Encoding": resource.get("contentEncoding", "identity"),
    }
    if encoding := resource.get("contentEncoding"):
        headers["Content-Encoding"] = encoding
    return headers
