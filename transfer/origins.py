"""Where the name of a bucket is unique: one partition of AWS, or one server of S3_ENDPOINTS.

A name means one bucket within a partition only: another partition, as another server, may have a
bucket of the same name that belongs to somebody else.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
Others took the name for the bucket, and mixed two servers up:
https://github.com/NixOS/nix/issues/15974
https://github.com/seaweedfs/seaweedfs/pull/6923
"""

import re
from functools import cache
from ipaddress import IPv6Address

from transfer.s3_hosts import ALL_PARTITIONS, partition_of

MAX_LENGTH = 300
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::(?P<port>\d{1,5}))?",
    re.ASCII,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@cache  # for each message, of the few that the operator lists
def origin_of_endpoint(endpoint: str) -> str:
    """Return the one spelling of an endpoint that may be listed.

    A default port is left out, and a host of Amazon's own is its partition: `https` alone, since
    plain `http` proves no host, and none that names a bucket, since endpoints are path-style.

    Raises:
        ValueError: It is no endpoint.
    """
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or (match["port"] and not 1 <= int(match["port"]) <= 65_535):
        raise ValueError("it is not an origin such as http://127.0.0.1:9000")
    scheme, host = match["scheme"], match["host"]
    if host.startswith("["):
        host = f"[{IPv6Address(host[1:-1])}]"
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if port != _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}:{port}"
    partition = partition_of(host) if scheme == "https" else None
    return partition or f"{scheme}://{host}"


def parse_endpoints(text: str) -> frozenset[str]:
    """Return the endpoints of a list, as they are spelled there: URLs must be spelled the same.

    Raises:
        ValueError: One is no endpoint; with words for the operator.
    """
    endpoints = frozenset(part.strip() for part in text.split(",") if part.strip())
    try:
        for endpoint in endpoints:
            origin_of_endpoint(endpoint)
    except ValueError:
        raise ValueError(
            "it must be origins in lower case, such as http://127.0.0.1:9000, without a "
            "path or a slash at the end, separated by commas"
        ) from None
    return endpoints


def parse_origin(text: str) -> str:
    """Return the origin that a person wrote: a partition, or an endpoint in any spelling.

    Raises:
        ValueError: It is neither.
    """
    return text if text in ALL_PARTITIONS else origin_of_endpoint(text)
