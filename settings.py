"""The environment, checked whole: all problems are told at once, in plain words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from listening import default_host, parse_host, socket_address
from transfer.api_keys import ApiKey, parse_api_keys
from transfer.object_name import ObjectName
from transfer.origins import origin_of_endpoint, parse_endpoints
from transfer.s3_hosts import ALL_PARTITIONS, DEFAULT_PARTITIONS
from transfer.tenants import check_kept_apart

SERVER_THREADS = 20
"""Requests that one gunicorn worker serves at once."""
SPARE_THREADS = 4
"""Never taken by transfers: they are left for comparisons, health and refusals."""
MAX_OBJECT_BYTES = 5_497_558_138_880
"""Cloud Storage's own limit. https://cloud.google.com/storage/quotas#objects"""
PARALLEL_FROM_BYTES = 128 * 1024 * 1024
"""Below, what many streams need besides costs more than they bring."""

LANDING_BUCKET = "file:var/bucket"
NOTIFICATION_TOPIC = "sqlite:var/notifications.db"

_LOG_FORMATS = ("json", "text")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BUCKET_GLOB = re.compile(r"[A-Za-z0-9._*?\[\]!-]{1,255}")

T = TypeVar("T")


class SettingsInvalid(Exception):
    """Says, line by line, which variable is wrong and what to do."""

    def __init__(self, text: str, problems: Sequence[str] = ()) -> None:
        """`problems` are the lines one by one, where there may be several."""
        super().__init__(text)
        self.problems = tuple(problems) or (text,)


@dataclass(frozen=True)
class Settings:
    """What the operator decided."""

    landing_bucket: str | Path
    """A bucket of Cloud Storage by name, or a directory."""
    notification_topic: str | Path
    """A topic `projects/P/topics/T`, or a SQLite file."""
    api_keys: tuple[ApiKey, ...]
    api_keys_file: Path | None
    """Where the keys were read from, to be read again."""
    api_keys_secret: str | None
    """A version in Secret Manager that holds the keys instead."""
    source_buckets: tuple[str, ...]
    s3_endpoints: frozenset[str]
    s3_partitions: frozenset[str]
    object_name: ObjectName
    max_object_bytes: int
    parallel_from_bytes: int
    max_transfers: int
    max_messages_per_minute: int
    """Per key and worker; 0 for no limit."""
    log_level: str
    log_format: str | None
    """`json` or `text`; None for whichever fits where the log goes."""
    project: str | None
    """Of Google Cloud, which the traces are in. App Engine sets it."""
    otlp_endpoint: str | None
    metrics_port: int | None
    host: str
    """The address to listen on."""
    port: int
    workers: int

    @property
    def bind(self) -> str:
        """Where to listen, as gunicorn writes it."""
        return socket_address(self.host, self.port)

    def check_keys(self, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        """Return the keys; raise ValueError if objects of one could replace another's."""
        origins = self.s3_partitions.union(map(origin_of_endpoint, self.s3_endpoints))
        check_kept_apart(keys, self.source_buckets, origins, self.object_name)
        return keys


@dataclass(frozen=True)
class ReconcilerSettings:
    """What the operator decided for `reconcile.py`, in the same words."""

    landing_bucket: str | Path
    notification_topic: str | Path
    finalize_subscription: str | None
    """Of the landing bucket's own notifications, as `projects/P/subscriptions/S`."""
    log_level: str
    log_format: str | None


def read_reconciler_settings(environment: Mapping[str, str]) -> ReconcilerSettings:
    """Raise SettingsInvalid as `read_settings` does. Neither keys nor buckets of S3 are needed."""
    reader = _Reader(environment)
    settings = ReconcilerSettings(
        landing_bucket=reader.read("LANDING_BUCKET", LANDING_BUCKET, _bucket),
        notification_topic=reader.read("NOTIFICATION_TOPIC", NOTIFICATION_TOPIC, _topic),
        finalize_subscription=reader.read("FINALIZE_SUBSCRIPTION", "", _subscription),
        log_level=reader.read("LOG_LEVEL", "INFO", _log_level),
        log_format=reader.read("LOG_FORMAT", "", _log_format),
    )
    reader.refuse_problems("The reconciler")
    return settings


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that these variables make; an empty one counts as absent.

    Raises:
        SettingsInvalid
    """
    reader = _Reader(environment)
    keys, secret = _api_keys(reader)
    file = environment.get("API_KEYS_FILE")
    settings = Settings(
        landing_bucket=reader.read("LANDING_BUCKET", LANDING_BUCKET, _bucket),
        notification_topic=reader.read("NOTIFICATION_TOPIC", NOTIFICATION_TOPIC, _topic),
        api_keys=keys,
        api_keys_file=Path(file) if file else None,
        api_keys_secret=secret,
        source_buckets=reader.read("SOURCE_BUCKETS", None, _globs) or (),
        s3_endpoints=reader.read("S3_ENDPOINTS", "", parse_endpoints),
        s3_partitions=reader.read("S3_PARTITIONS", ",".join(DEFAULT_PARTITIONS), _partitions),
        object_name=reader.read("OBJECT_NAME", "{bucket}/{key}", ObjectName),
        max_object_bytes=reader.read(
            "MAX_OBJECT_BYTES", str(MAX_OBJECT_BYTES), _whole(1, MAX_OBJECT_BYTES)
        ),
        parallel_from_bytes=reader.read(
            "PARALLEL_FROM_BYTES", str(PARALLEL_FROM_BYTES), _whole(1, MAX_OBJECT_BYTES)
        ),
        max_transfers=reader.read(
            "MAX_TRANSFERS", str(SERVER_THREADS - SPARE_THREADS), _whole(1, 10_000)
        ),
        max_messages_per_minute=reader.read("MAX_MESSAGES_PER_MINUTE", "0", _whole(0, 1_000_000)),
        log_level=reader.read("LOG_LEVEL", "INFO", _log_level),
        log_format=reader.read("LOG_FORMAT", "", _log_format),
        project=environment.get("GOOGLE_CLOUD_PROJECT") or None,
        otlp_endpoint=reader.read("OTEL_EXPORTER_OTLP_ENDPOINT", "", _endpoint),
        metrics_port=reader.read("METRICS_PORT", "0", _whole(0, 65_000)) or None,
        host=reader.read("HOST", default_host(environment), parse_host),
        port=reader.read("PORT", "8080", _whole(1, 65_535)),
        workers=reader.read("WEB_CONCURRENCY", "2", _whole(1, 64)),
    )
    reader.refuse_problems("Landfall")
    reader.check("The API keys do not fit the other settings", lambda: settings.check_keys(keys))
    reader.refuse_problems("Landfall")
    return settings


class _Reader:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def read(self, name: str, default: str | None, parse: Callable[[str], T]) -> T:
        text = self.environment.get(name) or default
        if text is None:
            self.problems.append(f"{name} is not set: {_WHY[name]}")
            text = ""
        try:
            return parse(text)
        except ValueError as error:
            if self.environment.get(name):
                self.problems.append(f"{name} is wrong: {error}.")
            # The value is never used: problems end in SettingsInvalid.
            return None  # type: ignore[return-value]

    def check(self, problem: str, check: Callable[[], object]) -> None:
        try:
            check()
        except ValueError as error:
            self.problems.append(f"{problem}: {error}.")

    def refuse_problems(self, program: str) -> None:
        if self.problems:
            raise SettingsInvalid(
                f"{program} cannot start with these settings:\n"
                + "\n".join(f"  - {problem}" for problem in self.problems),
                self.problems,
            )


_WHY = {
    "SOURCE_BUCKETS": (
        "name the S3 buckets whose objects may be landed, such as images-*,models; "
        "* allows every bucket, and must be said."
    ),
}


def _api_keys(reader: _Reader) -> tuple[tuple[ApiKey, ...], str | None]:
    names = ("API_KEYS", "API_KEYS_FILE", "API_KEYS_SECRET")
    given = [name for name in names if reader.environment.get(name)]
    if len(given) != 1:
        many = f"only one of {', '.join(given)} may be set" if given else "no API key is set"
        reader.problems.append(
            f"{many}: API_KEYS holds a JSON list like "
            '[{"name": "lambda", "sha256": "<hex SHA-256 of the key>"}], API_KEYS_FILE names a '
            "file with it, API_KEYS_SECRET a Secret Manager version."
        )
        return (), None
    if given == ["API_KEYS_SECRET"]:
        return (), reader.read("API_KEYS_SECRET", None, _secret)
    parse = parse_api_keys if given == ["API_KEYS"] else read_keys_file
    return reader.read(given[0], None, parse), None


def read_keys_file(path: str | Path) -> tuple[ApiKey, ...]:
    """Return the keys of a file like API_KEYS; raise ValueError with words for the operator."""
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    return parse_api_keys(text)


def _bucket(text: str) -> str | Path:
    if text.startswith("file:") and text != "file:":
        return Path(text.removeprefix("file:"))
    found = re.fullmatch(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])", text)
    if found is None:
        raise ValueError("it must be gs://NAME, a bucket of Cloud Storage, or file:DIRECTORY")
    return found[1]


def _topic(text: str) -> str | Path:
    if text.startswith("sqlite:") and text != "sqlite:":
        return Path(text.removeprefix("sqlite:"))
    if not re.fullmatch(r"projects/[^/\s]+/topics/[^/\s]+", text):
        raise ValueError("it must be projects/PROJECT/topics/TOPIC, or sqlite:FILE")
    return text


def _subscription(text: str) -> str | None:
    if text and not re.fullmatch(r"projects/[^/\s]+/subscriptions/[^/\s]+", text):
        raise ValueError("it must be projects/PROJECT/subscriptions/SUBSCRIPTION")
    return text or None


def _secret(text: str) -> str:
    if not re.fullmatch(r"projects/[^/\s]+/secrets/[^/\s]+/versions/[^/\s]+", text):
        raise ValueError("it must be projects/PROJECT/secrets/SECRET/versions/VERSION")
    return text


def _globs(text: str) -> tuple[str, ...]:
    globs = tuple(part.strip() for part in text.split(","))
    if not all(_BUCKET_GLOB.fullmatch(glob) for glob in globs):
        raise ValueError("it must be bucket names or globs, separated by commas")
    return globs


def _partitions(text: str) -> frozenset[str]:
    partitions = frozenset(part.strip() for part in text.split(","))
    if not partitions <= ALL_PARTITIONS:
        raise ValueError(f"it must be some of {', '.join(sorted(ALL_PARTITIONS))}")
    return partitions


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,20}", text) or not least <= int(text) <= most:
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _log_level(text: str) -> str:
    if text not in _LOG_LEVELS:
        raise ValueError(f"it must be one of {', '.join(_LOG_LEVELS)}")
    return text


def _log_format(text: str) -> str | None:
    if text and text not in _LOG_FORMATS:
        raise ValueError(f"it must be one of {', '.join(_LOG_FORMATS)}, or not set")
    return text or None


def _endpoint(text: str) -> str | None:
    if text and not re.fullmatch(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", text):
        raise ValueError("it must be the URL of an OTLP/HTTP receiver, without a query")
    return text.rstrip("/") or None
