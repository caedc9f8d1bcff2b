"""Calls of Cloud Storage's JSON API, over connections that are kept.

Google's client brings the credentials and the endpoint; its own calls cost four to five times as
much as these.
https://cloud.google.com/storage/docs/json_api/v1
"""

import json
import math
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from google.auth.transport.requests import Request
from google.cloud import storage

from adapters.gcs_patience import Patience
from adapters.gcs_refusals import may_pass, refusal_of
from adapters.kept_connections import Answer, KeptConnections
from transfer.errors import StoreUnavailable

_JSON = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "landfall"}
_URL = re.compile(r"https?://[!-.0-~]+/[!-~]*")


class GcsApi:
    """One bucket. Calls raise what `gcs_errors` gives a meaning to, first of all Refusal."""

    def __init__(
        self,
        client: storage.Client,
        bucket: str,
        connections: KeptConnections,
        patience: Patience,
    ) -> None:
        self._credentials = client._credentials  # noqa: SLF001 - there is no public way to them
        self._refresh = Request()
        self._connections = connections
        self._patience = patience
        self._bucket = f"{client.api_endpoint}/storage/v1/b/{quote(bucket, safe='')}"
        self._upload = f"{client.api_endpoint}/upload/storage/v1/b/{quote(bucket, safe='')}/o"

    def expect_time(self, deadline: float) -> None:
        """Raise StoreUnavailable if the deadline is over."""
        self._patience.for_answer(deadline)

    def get(self, name: str) -> Mapping[str, Any]:
        return self._ask("GET", self._object(name))

    def patch(
        self, name: str, conditions: Mapping[str, int], fields: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        body = json.dumps(fields).encode()
        return self._ask("PATCH", f"{self._object(name)}?{urlencode(conditions)}", body)

    def compose(
        self,
        name: str,
        generations: Sequence[tuple[str, int]],
        resource: Mapping[str, Any],
        conditions: Mapping[str, int],
        deadline: float,
    ) -> Mapping[str, Any]:
        """Concatenate these generations of these objects.
        https://cloud.google.com/storage/docs/json_api/v1/objects/compose
        """
        sources = [
            {
                "name": source,
                "generation": generation,
                "objectPreconditions": {"ifGenerationMatch": generation},
            }
            for source, generation in generations
        ]
        body = json.dumps({"sourceObjects": sources, "destination": dict(resource)}).encode()
        url = f"{self._object(name)}/compose?{urlencode(conditions)}"
        return _parsed(self._send("POST", url, _JSON, body, deadline))

    def delete(self, name: str, generation: int, deadline: float) -> None:
        url = f"{self._object(name)}?generation={generation}"
        self._send("DELETE", url, _JSON, b"", deadline)

    def list_page(self, prefix: str, page: str | None) -> Mapping[str, Any]:
        query = {"prefix": prefix} | ({"pageToken": page} if page else {})
        return self._ask("GET", f"{self._bucket}/o?{urlencode(query)}")

    def bucket(self) -> Mapping[str, Any]:
        return self._ask("GET", self._bucket)

    def test_permissions(self, permissions: Sequence[str]) -> Mapping[str, Any]:
        query = urlencode({"permissions": list(permissions)}, doseq=True)
        return self._ask("GET", f"{self._bucket}/iam/testPermissions?{query}")

    def create(
        self,
        resource: Mapping[str, Any],
        data: bytes,
        conditions: Mapping[str, int],
        deadline: float,
    ) -> Mapping[str, Any]:
        """Create an object with metadata and bytes in one request.
        https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects

        Both parts name the same type: two that differ are refused with 400.
        https://github.com/googleapis/google-cloud-go/issues/306
        """
        # Drawn, so that no object can be made to hold it, and short: 70 characters are allowed.
        mark = b"landfall" + secrets.token_hex(16).encode()
        body = b"\r\n".join(
            [
                b"--" + mark,
                b"Content-Type: application/json; charset=utf-8\r\n",
                json.dumps(resource).encode(),
                b"--" + mark,
                b"Content-Type: " + resource["contentType"].encode("ascii") + b"\r\n",
                data,
                b"--" + mark + b"--",
            ]
        )
        url = f"{self._upload}?uploadType=multipart&{urlencode(conditions)}"
        headers = {**_JSON, "Content-Type": f'multipart/related; boundary="{mark.decode()}"'}
        return _parsed(self._send("POST", url, headers, body, deadline))

    def begin(
        self, resource: Mapping[str, Any], size: int, conditions: Mapping[str, int], deadline: float
    ) -> str:
        """Begin a resumable upload and return its session's URL, which is a secret.
        https://cloud.google.com/storage/docs/performing-resumable-uploads#initiate-session

        The resource alone names the type: an X-Upload-Content-Type could only contradict it.
        """
        headers = {**_JSON, "X-Upload-Content-Length": str(size)}
        url = f"{self._upload}?uploadType=resumable&{urlencode(conditions)}"
        answer = self._send("POST", url, headers, json.dumps(resource).encode(), deadline)
        session = answer.headers.get("location", "")
        if not _URL.fullmatch(session) or session[:5] != self._upload[:5]:
            raise StoreUnavailable("Cloud Storage began an upload without a usable URL.")
        return session

    def _object(self, name: str) -> str:
        return f"{self._bucket}/o/{quote(name, safe='')}"

    def _ask(self, method: str, url: str, body: bytes = b"") -> Mapping[str, Any]:
        return _parsed(self._send(method, url, _JSON, body, math.inf))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> Answer:
        """Try again what is safe to repeat, as all calls here are: they read, or have
        preconditions, or delete one generation.
        https://cloud.google.com/storage/docs/retry-strategy
        """
        once = partial(self._once, method, url, headers, body, deadline)
        return self._patience.patiently(once, may_pass, deadline)

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> Answer:
        answer = self._authorized(method, url, headers, body, deadline)
        if answer.status == 401 and self._credentials.token:  # revoked before its time
            self._credentials.refresh(self._new_token(deadline))
            answer = self._authorized(method, url, headers, body, deadline)
        if not 200 <= answer.status < 300:
            raise refusal_of(answer)
        return answer

    def _authorized(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> Answer:
        sent = dict(headers)
        self._credentials.before_request(self._new_token(deadline), method, url, sent)
        timeout = self._patience.for_answer(deadline)
        return self._connections.request(method, url, sent, body, timeout, repeatable=True)

    def _new_token(self, deadline: float) -> Callable[..., Any]:
        """What asks for a token, no longer than for an answer; by itself it waits two minutes."""
        return partial(self._refresh, timeout=self._patience.for_answer(deadline)[1])


def _parsed(answer: Answer) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StoreUnavailable("Cloud Storage answered something else than JSON.")
    return found
