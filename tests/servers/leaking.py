"""An app that lets a secret out in every way in which Python and gunicorn write by themselves."""

import gc
import logging
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import main

SECRET = "canary5d1f0e9c8b7a"
TEXT = f"https://b/k?X-Amz-Signature={SECRET}\x1b]0;title\x07\nforged"

main.configure_logging("INFO", "text")


class Unraisable:
    def __del__(self) -> None:
        raise ValueError(TEXT)


def fail() -> None:
    raise ValueError(TEXT)


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    thread = threading.Thread(target=fail, name="failing")
    thread.start()
    thread.join()
    warnings.warn(TEXT, stacklevel=1)
    Unraisable()
    gc.collect()
    logging.getLogger("landfall").error("%d bytes of %s", TEXT, TEXT)
    logging.getLogger("gunicorn.error").error("gunicorn says %s", TEXT)
    logging.getLogger("a.package").warning("a library says %s and \ud800", TEXT)
    raise RuntimeError(TEXT)
