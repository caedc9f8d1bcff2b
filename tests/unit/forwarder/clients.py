"""Clients of the S3 server of a test, kept while it runs: making them takes longest."""

import os
from functools import cache

from forwarder.s3_clients import S3Clients


def clients() -> S3Clients:
    return _clients_of(os.environ["AWS_ENDPOINT_URL_S3"])


@cache
def _clients_of(origin: str) -> S3Clients:
    return S3Clients(attempts=1)
