"""How gunicorn serves the app. It must not be exposed bare: it has no limit on how long a
client takes to send headers or body, so the platform's proxy stands in front.

https://docs.gunicorn.org/en/stable/settings.html
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from settings import SERVER_THREADS, SPARE_THREADS, SettingsInvalid, read_settings

_MEMORY_DISK = "/dev/shm"  # noqa: S108 # nosec B108
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of malloc.h

# glibc gives many threads heaps of their own, and a heap keeps what its busiest moment took:
# memory would creep for hours. So few heaps, and blocks of objects outside of them.
# https://man7.org/linux/man-pages/man3/mallopt.3.html
with suppress(AttributeError):  # another libc
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 128 * 1024)

wsgi_app = "main:app"
try:
    _settings = read_settings(os.environ)
except SettingsInvalid as error:
    sys.exit(str(error))  # a plain message, once, before any worker is forked

bind = f":{_settings.port}"
worker_class = "gthread"  # a sync worker would be killed in the middle of a long transfer
workers = _settings.workers
threads = SERVER_THREADS
timeout = 60  # the worker's heartbeat; threads may be busy for as long as a transfer lasts
graceful_timeout = 25  # transfers give up after 20; App Engine kills 30 s after SIGTERM
keepalive = 650  # longer than the load balancer keeps an idle connection
worker_tmp_dir = _MEMORY_DISK if Path(_MEMORY_DISK).is_dir() else None  # for heartbeats
limit_request_line = 4094
limit_request_fields = 60
control_socket_disable = True
preload_app = False  # Google's clients must be made after the fork
accesslog = None
# Else Google's client asks for the bucket in the background, which needs one right more.
raw_env = ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA=true"]


def post_fork(server: Any, worker: Any) -> None:
    """Leave threads for health and refusals, however many there are."""
    if not os.environ.get("MAX_TRANSFERS"):
        os.environ["MAX_TRANSFERS"] = str(max(1, worker.cfg.threads - SPARE_THREADS))


def post_worker_init(worker: Any) -> None:
    """On SIGTERM refuse new messages at once; running transfers have `GRACE_SECONDS`."""

    def drain(number: int, frame: FrameType | None) -> None:
        worker.wsgi.extensions["landfall"].drain()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, drain)
