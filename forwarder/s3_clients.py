"""boto3's S3 clients, one for each Region, and the Region of a bucket."""

from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError

from forwarder.aws import make_client, session
from forwarder.aws_failures import response_of
from forwarder.events import as_region

DEFAULT_REGION = "us-east-1"
UNKNOWN_LIFE_SECONDS = 3600
"""Temporary credentials of which nobody says when they end: what Lambda gives is of this kind."""


class S3Client(Protocol):
    """The part of boto3's S3 client that is used here."""

    def head_object(self, **parameters: Any) -> dict[str, Any]: ...

    def get_object(self, **parameters: Any) -> dict[str, Any]: ...

    def head_bucket(self, **parameters: Any) -> dict[str, Any]: ...

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]: ...

    def generate_presigned_url(self, operation: str, /, **parameters: Any) -> str: ...


class S3Clients:
    """Made when first wanted and kept, with their connections; for use by several threads."""

    def __init__(self, connections: int = 10, attempts: int = 3) -> None:
        """`connections` is how many threads use them at once; `attempts` are of each request."""
        self._making = Lock()
        self._clients: dict[str, S3Client] = {}
        self._regions: dict[str, str] = {}
        """Of the buckets whose Region S3 has named."""
        self._config = Config(
            # Without these, boto3 signs with SigV2 in old regions and uses the global host name,
            # which redirects for new buckets and so breaks the signature.
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
            connect_timeout=5,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=connections,
            tcp_keepalive=True,
        )

    def of_region(self, region: str) -> S3Client:
        with self._making:
            if region not in self._clients:
                client = make_client("s3", region, self._config)
                events = client.meta.events
                events.register("before-endpoint-resolution.s3", _use_path_style)
                events.register("before-parameter-build.s3", _note_bucket)
                events.register("needs-retry.s3", self._note_region)
                self._clients[region] = client
            return self._clients[region]

    def of_object(self, bucket: str, region: str | None) -> S3Client:
        """Return the client of the Region where the bucket is: by S3's word, else by this one.

        Events that were copied, sent across Regions or written by hand name a wrong one. boto3
        follows S3's redirect and then signs URLs for the new host with the old Region, so a URL
        must come from the client that this returns after an answer of S3.

        Raises:
            BotoCoreError: S3 could not be asked.
        """
        region = self._regions.get(bucket) or region
        return self.of_region(region) if region else self.of_bucket(bucket)

    def of_bucket(self, bucket: str) -> S3Client:
        """Return the client of the Region where the bucket is, asking S3 the first time.

        Raises:
            BotoCoreError: S3 could not be asked.
        """
        if bucket not in self._regions:
            self._regions[bucket] = self._find_region(bucket)
        return self.of_region(self._regions[bucket])

    def _find_region(self, bucket: str) -> str:
        home = session().region_name or DEFAULT_REGION
        try:
            answer = self.of_region(home).head_bucket(Bucket=bucket)
        except ClientError as error:
            # Refused or redirected, S3 still names the region; a refusal shows again at the object.
            answer = response_of(error)
        return _region_in(answer) or self._regions.get(bucket) or home

    def _note_region(self, response: Any, request_dict: Mapping[str, Any], **_: object) -> None:
        """Remember the Region that S3 names when it refuses a request to a wrong one."""
        if response is None or response[0].status_code < 300:
            return
        bucket = request_dict.get("context", {}).get("landfall_bucket")
        region = _region_in(response[1])
        if bucket and region:
            self._regions[bucket] = region

    def seconds_to_live(self) -> int | None:
        """Return how long the credentials are good for; None if they do not end.

        A URL ends with the credentials that signed it.
        """
        credentials = session().get_credentials()
        if credentials is None:
            return None
        token = credentials.get_frozen_credentials().token  # renews them if they are about to end
        # botocore has no public name for it.
        ends: datetime | None = getattr(credentials, "_expiry_time", None)
        if ends is not None:
            return int((ends - datetime.now(UTC)).total_seconds())
        return UNKNOWN_LIFE_SECONDS if token else None


def _use_path_style(builtins: dict[str, Any], **_: object) -> None:
    """A server of the user's own has no host name for each bucket.

    botocore puts the endpoint here wherever it was configured: in variables, in the config file,
    for S3 or for all services. Landfall's S3_ENDPOINTS are addressed in the same way.
    """
    if builtins.get("SDK::Endpoint"):
        builtins["AWS::S3::ForcePathStyle"] = True


def _note_bucket(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    context["landfall_bucket"] = params.get("Bucket")


def _region_in(answer: Mapping[str, Any]) -> str | None:
    """Return the Region that an answer names, in a header or in the error's body."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return as_region(headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region"))
