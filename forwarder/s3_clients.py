"""boto3's S3 clients, one for each region, and the region of a bucket."""

import logging
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from forwarder.aws import make_client, session

LOG = logging.getLogger(__name__)

DEFAULT_REGION = "us-east-1"
UNKNOWN_LIFE_SECONDS = 3600
"""Temporary credentials of which nobody says when they end: what Lambda gives is of this kind."""


class S3Client(Protocol):
    """The part of boto3's S3 client that is used here."""

    def head_object(self, **parameters: Any) -> dict[str, Any]: ...

    def head_bucket(self, **parameters: Any) -> dict[str, Any]: ...

    def generate_presigned_url(self, operation: str, /, **parameters: Any) -> str: ...


class S3Clients:
    """Made when first wanted and kept, with their connections; for use by several threads."""

    def __init__(self, connections: int = 10) -> None:
        self._making = Lock()
        self._clients: dict[str, S3Client] = {}
        self._regions: dict[str, str] = {}
        self._config = Config(
            # Without these, boto3 signs with SigV2 in old regions and uses the global host name,
            # which redirects for new buckets and so breaks the signature.
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
            connect_timeout=5,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=connections,
            tcp_keepalive=True,
        )

    def of_region(self, region: str) -> S3Client:
        with self._making:
            if region not in self._clients:
                self._clients[region] = make_client("s3", region, self._config)
            return self._clients[region]

    def of_bucket(self, bucket: str) -> S3Client:
        """Return the client of the region where the bucket is, asking S3 the first time.

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
            answer = error.response
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region: str = answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or home
        return region

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


def status_of(error: ClientError | BotoCoreError) -> int | None:
    """Return the HTTP status of S3's answer, if it answered."""
    response = getattr(error, "response", {})
    status: int | None = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status
