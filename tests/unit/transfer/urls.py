"""Presigned URLs for the tests: real ones by boto3, and one to take apart by hand."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import boto3
from botocore.config import Config

BUCKET, KEY = "heron-meadow", "field notes/1.png"
ACCESS_KEY, SECRET_KEY, TOKEN = "AKIAHERONEXAMPLE0000", "canary-secret-77aa", "canary+token/90bc=="
HOST = "heron-meadow.s3.eu-west-2.amazonaws.com"
PATH = "/field%20notes/1.png"
SIGNATURE = "5ec2e7" + 29 * "0f"

V4 = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": f"{ACCESS_KEY}%2F20260811%2Feu-west-2%2Fs3%2Faws4_request",
    "X-Amz-Date": "20260811T093015Z",
    "X-Amz-Expires": "3600",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": SIGNATURE,
}
V2 = {"AWSAccessKeyId": ACCESS_KEY, "Expires": "1786440615", "Signature": "c2VjcmV0" * 3 + "c2U%3D"}


def query(base: dict[str, str] = V4, /, without: str = "", **values: str) -> str:
    """The query of a presigned URL with parameters replaced, added or left out.

    An underscore in a keyword stands for a hyphen.
    """
    changed = base | {name.replace("_", "-"): value for name, value in values.items()}
    return "&".join(f"{name}={value}" for name, value in changed.items() if name != without)


def url(origin: str = f"https://{HOST}", path: str = PATH, text: str = query()) -> str:
    """A URL of which every part is good, but for those that are given."""
    return f"{origin}{path}?{text}"


def presign(
    region: str,
    key: str = KEY,
    bucket: str = BUCKET,
    version: str = "s3v4",
    token: str | None = None,
    params: Mapping[str, object] = MappingProxyType({}),
    **options: Any,
) -> str:
    """Sign a GET with boto3; `params` go into the request, `options` to boto3's `Config`."""
    client = boto3.client(
        "s3",
        region_name=region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token=token,
        config=Config(signature_version=version, **options),
    )
    signed: str = client.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key, **params}
    )
    return signed
