"""Wiring: settings, then adapters, then the app that gunicorn serves as `main:app`."""

import atexit
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flask import Flask

from adapters.cloud_logging import log_what_nobody_logs, new_formatter
from adapters.s3_source import S3Source
from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.health import HealthHandlers
from handlers.objects import ObjectHandlers
from handlers.process_message import MessageHandlers
from handlers.request_log import RequestLog
from handlers.spec import Operation, SpecInvalid, read_operations
from settings import Settings, SettingsInvalid, read_keys_file, read_settings
from transfer.admission import Admission
from transfer.api_keys import parse_api_keys
from transfer.budget import Budget
from transfer.comparing import Comparing
from transfer.errors import LandfallError
from transfer.key_ring import KeyRing
from transfer.landing import Landing
from transfer.locating import Locating
from transfer.parallel import Parallel
from transfer.pauses import Pauses
from transfer.rate_limit import RateLimit
from transfer.readiness import Readiness
from transfer.reannouncing import Reannouncing
from transfer.reconciling import WalkableStore
from transfer.source import Source
from transfer.store import ComposingStore, Store
from transfer.topic import Topic
from transfer.watching import Watcher

SPEC = Path(__file__).parent / "openapi.yaml"
BOOT_FAILED = 3
"""With this exit code of a worker gunicorn ends, instead of trying for ever."""
RETRY_SECONDS = 5
CHECK_SECONDS = 1.0
"""So long the end of the process waits for its own checks of store and topic."""


def build(settings: Settings) -> Flask:
    """Return the app for these settings, its clients not yet connected."""
    admission = Admission(settings.max_transfers)
    source, store = S3Source(ends=admission.ends), make_store(settings.landing_bucket)
    parallel = None
    if isinstance(store, ComposingStore):
        parallel = Parallel(source, store, settings.parallel_from_bytes)
    return assemble(
        settings,
        read_operations(SPEC),
        admission,
        source,
        store,
        make_topic(settings.notification_topic),
        lambda: Budget(ends=admission.ends),
        parallel,
        make_watcher(settings, admission),
    )


def assemble(
    settings: Settings,
    operations: Sequence[Operation],
    admission: Admission,
    source: Source,
    store: Store,
    topic: Topic,
    new_budget: Callable[[], Budget],
    parallel: Parallel | None = None,
    watcher: Watcher | None = None,
) -> Flask:
    """Return the app for these settings and these adapters."""
    readiness = Readiness({"store": store.check, "topic": topic.check})
    landing = Landing(
        source,
        store,
        topic,
        settings.object_name,
        settings.max_object_bytes,
        new_budget,
        parallel,
    )
    comparing = Comparing(store, settings.object_name, settings.max_object_bytes)
    rate_limit = RateLimit(settings.max_messages_per_minute)
    messages = MessageHandlers(
        landing,
        comparing,
        admission,
        rate_limit,
        Pauses(),
        settings.source_buckets,
        settings.s3_endpoints,
        settings.s3_partitions,
    )
    locating = Locating(store, settings.object_name)
    objects = ObjectHandlers(
        locating,
        Reannouncing(locating, store, topic),
        admission,
        rate_limit,
        settings.source_buckets,
    )
    health = HealthHandlers(readiness, admission)
    handlers = {
        "processMessage": messages.process_message,
        "getObject": objects.get_object,
        "announceObject": objects.announce_object,
        "getHealth": health.get_health,
        "getReadiness": health.get_readiness,
    }
    key_ring = make_key_ring(settings)
    asked_all_day = {each.id for each in operations if each.key_header is None}
    request_log = RequestLog(asked_all_day, settings.project, watcher)
    check_caller = CallerCheck(operations, lambda: key_ring.keys)
    app = create_app(operations, handlers, check_caller, request_log)
    app.extensions["landfall"] = admission  # gunicorn.conf.py drains it on SIGTERM
    readiness.start()
    atexit.register(readiness.finish, CHECK_SECONDS)
    if settings.api_keys_file or settings.api_keys_secret:
        key_ring.start()
    return app


def make_store(bucket: str | Path) -> WalkableStore:
    """Import only what is used: each of Google's clients costs memory and start-up time."""
    if isinstance(bucket, Path):
        from adapters.directory_store import DirectoryStore

        return DirectoryStore(bucket)
    from adapters.gcs_store import GcsStore

    return GcsStore(bucket)


def make_topic(topic: str | Path) -> Topic:
    if isinstance(topic, Path):
        from adapters.sqlite_topic import SqliteTopic

        return SqliteTopic(topic)
    from adapters.pubsub_topic import PubSubTopic

    return PubSubTopic(topic)


def make_watcher(settings: Settings, admission: Admission) -> Watcher | None:
    if settings.otlp_endpoint is None and settings.metrics_port is None:
        return None
    from adapters.telemetry import start_telemetry

    return start_telemetry(
        admission,
        settings.otlp_endpoint,
        settings.metrics_port,
        settings.workers,
        settings.project,
    )


def make_key_ring(settings: Settings) -> KeyRing:
    """Raise SettingsInvalid, or Misconfigured, if there are no keys to begin with."""
    file, secret = settings.api_keys_file, settings.api_keys_secret
    try:
        if file is not None:
            return KeyRing(lambda: settings.check_keys(read_keys_file(file)))
        if secret is None:
            return KeyRing(lambda: settings.api_keys)
        from adapters.secret_manager import read_secret

        return KeyRing(lambda: settings.check_keys(parse_api_keys(read_secret(secret))))
    except ValueError as error:
        source = "secret of API_KEYS_SECRET" if secret else "file of API_KEYS_FILE"
        raise SettingsInvalid(f"The {source} is wrong: {error}.") from None


def configure_logging(level: str, log_format: str | None) -> None:
    handler = logging.StreamHandler(sys.stdout)
    text = "%(asctime)s %(levelname)s %(name)s %(message)s"
    handler.setFormatter(new_formatter(log_format, text))
    logging.basicConfig(level=level, handlers=[handler])
    log_what_nobody_logs()
    # At DEBUG these write whole URLs, and a presigned one is a secret.
    for name in ("urllib3", "requests", "google", "grpc", "opentelemetry"):
        logging.getLogger(name).setLevel(logging.WARNING)


def start(environment: Mapping[str, str]) -> Flask:
    """Return the app, or end the process with words for the operator."""
    try:
        settings = read_settings(environment)
        configure_logging(settings.log_level, settings.log_format)
        return build(settings)
    except (SettingsInvalid, SpecInvalid) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BOOT_FAILED)
    except LandfallError as error:
        # The secret cannot be read now: only this worker tries again, the others go on.
        sys.stderr.write(f"{error}\n")
        time.sleep(RETRY_SECONDS)
        sys.exit(1)


def __getattr__(name: str) -> Flask:
    """Make `main:app` when gunicorn asks for it, so that importing `main` does nothing."""
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = start(os.environ)
    return app
