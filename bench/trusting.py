"""Landfall as it is, but trusting the bench's certificate authority: `bench.trusting:app`.

The service takes authorities from certifi and from nowhere else, so they are swapped there,
before anything has read them.
"""

import os

import certifi

_authorities = os.environ["BENCH_AUTHORITIES"]
certifi.where = lambda: _authorities

from main import start  # noqa: E402 - the authorities come first

app = start(os.environ)
