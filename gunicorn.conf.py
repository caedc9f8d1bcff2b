"""How gunicorn serves the app.

https://docs.gunicorn.org/en/stable/settings.html
"""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger

from adapters.cloud_logging import new_formatter
from settings import SERVER_THREADS, SPARE_THREADS, SettingsInvalid, read_settings

_MEMORY_DISK = "/dev/shm"  # noqa: S108 # nosec B108
_M_ARENA_MAX = -8  # of malloc.h
_TRIM_SECONDS = 30
_DESCRIPTORS = 4096  # enough for all connections and transfers of a worker; often it is 1024

# glibc would give threads heaps of their own, and each keeps what is free between its blocks.
# https://man7.org/linux/man-pages/man3/mallopt.3.html
_libc = ctypes.CDLL(None)
if hasattr(_libc, "malloc_trim"):  # it is glibc
    _libc.mallopt(_M_ARENA_MAX, 1)

_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = _DESCRIPTORS if _hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, _hard)
if _soft != resource.RLIM_INFINITY and _soft < _wanted:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_wanted, _hard))

wsgi_app = "main:app"
try:
    _settings = read_settings(os.environ)
except SettingsInvalid as error:
    sys.exit(str(error))  # a plain message, once, before any worker is forked


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own log, which reads like ours, and has the last net under it too."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        formatter = new_formatter(_settings.log_format, self.error_fmt, self.datefmt)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)


os.umask(0o077)  # what is made is for this user alone; the workers inherit it
bind = _settings.bind
# Threads: a sync worker would be killed in the middle of a long transfer.
worker_class = "handlers.worker.Worker"
workers = _settings.workers
threads = SERVER_THREADS
timeout = 60  # the worker's heartbeat; threads may be busy for as long as a transfer lasts
graceful_timeout = 25  # transfers give up after 20; App Engine kills 30 s after SIGTERM
keepalive = 650  # longer than the load balancer keeps an idle connection
worker_tmp_dir = _MEMORY_DISK if Path(_MEMORY_DISK).is_dir() else None  # for heartbeats
worker_connections = 500  # beyond, those that have waited longest for their client are closed
sendfile = False  # answers are small, and are kept until the client takes them
http_parser = "python"  # handlers/arriving.py agrees with this one to the byte
limit_request_line = 4094
limit_request_fields = 60
forwarded_allow_ips = ""  # no header may change a path or a scheme, whoever sends it
control_socket_disable = True
preload_app = False  # Google's clients must be made after the fork
logger_class = Log
accesslog = None
# Else Google's client asks for the bucket in the background, which needs one right more.
raw_env = ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA=true"]


def _trim_memory() -> None:
    """Give back what the busiest moments took, for as long as the process lives.

    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    while hasattr(_libc, "malloc_trim"):
        time.sleep(_TRIM_SECONDS)
        _libc.malloc_trim(0)


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
    threading.Thread(target=_trim_memory, name="trim-memory", daemon=True).start()
