"""Compare every object of an S3 bucket with what landed, and forward what did not.

It needs the environment of the forwarder (ENDPOINT_URL and the API key) and AWS credentials that
may list the bucket and read its objects. The record is Landfall's: run the same again at any time,
and what landed before costs one question each.

Exit codes: 0 all are landed, 1 some are not, 2 it cannot work, 130 interrupted.
"""

import argparse
import json
import logging
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any, TextIO

from forwarder.aws_failures import AWS_ERRORS
from forwarder.failures import unexpected, where_raised
from forwarder.forwarding import make_forwarder
from forwarder.printable import accept_any_text, printable, printable_lines
from forwarder.report import silence_libraries
from forwarder.s3_address import address_of, bucket_and_key
from forwarder.s3_clients import S3Clients
from forwarder.settings import BadEnvironment, Settings, read_settings
from forwarder.sync.bringing import Bringing, Result, Status
from forwarder.sync.inventory import Inventory
from forwarder.sync.listing import CannotWork, Listed, listed_objects, why_not
from forwarder.sync.progress import Progress
from forwarder.sync.run import Run

ALL_LANDED, SOME_NOT, CANNOT_WORK, INTERRUPTED = 0, 1, 2, 130
DONE = (Status.BEFORE, Status.NOW, Status.GONE, Status.LANDED)
TOLD_BY_A_DRY_RUN = (Status.MISSING, Status.DIFFERENT, Status.UNANNOUNCED)

Objects = Callable[[], Iterable[Listed]]


def main() -> int:
    accept_any_text(sys.stdout, sys.stderr)
    silence_libraries()
    arguments = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = read_settings(os.environ)
        objects = objects_of(arguments)
        with ExitStack() as stack:
            failures = None
            if arguments.failures is not None:
                failures = stack.enter_context(arguments.failures.open("w", encoding="utf-8"))
            return run(arguments, settings, objects, failures)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BadEnvironment, CannotWork, OSError) as error:
        sys.stderr.write(f"{printable_lines(str(error))}\n")
        return CANNOT_WORK
    except Exception as error:  # noqa: BLE001 - its text may hold a secret
        sys.stderr.write(f"{where_raised(error)}{unexpected(error)}\n")
        return CANNOT_WORK


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m forwarder.sync",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=_address, metavar="s3://BUCKET[/PREFIX]")
    parser.add_argument("--dry-run", action="store_true", help="only tell what is not landed")
    parser.add_argument(
        "--inventory",
        type=_address,
        metavar="s3://BUCKET/KEY",
        help="a manifest.json of S3 Inventory to take the objects from, instead of a list",
    )
    parser.add_argument("--start-after", metavar="KEY", default="", help="pass over keys up to it")
    parser.add_argument(
        "--concurrency", type=_concurrency, default=8, metavar="N", help="default 8"
    )
    parser.add_argument(
        "--failures", type=Path, metavar="FILE", help="write what failed there, as JSON lines"
    )
    arguments = parser.parse_args(words)
    if arguments.inventory and arguments.start_after:
        parser.error("an inventory is in no order: --start-after is only for lists")
    return arguments


def objects_of(arguments: argparse.Namespace) -> Objects:
    """Return what yields the objects, from their beginning each time it is called.

    Raises:
        CannotWork: The inventory is missing, none, or one of another bucket.
    """
    bucket, prefix = arguments.source
    clients = S3Clients()
    source: Any = _client_of(clients, bucket)
    if not arguments.inventory:
        return lambda: listed_objects(source, bucket, prefix, arguments.start_after)
    holder, manifest = arguments.inventory
    inventory = Inventory(_client_of(clients, holder), holder, manifest)
    if inventory.source_bucket != bucket:
        raise CannotWork(f"the inventory is of the bucket {inventory.source_bucket}, not {bucket}")
    return lambda: inventory.objects(prefix, source.meta.region_name)


def run(
    arguments: argparse.Namespace, settings: Settings, objects: Objects, failures: TextIO | None
) -> int:
    """Bring all objects, tell about it, and return the exit code."""
    ending = Event()
    bringing = Bringing(
        make_forwarder(settings, arguments.concurrency),
        dry_run=arguments.dry_run,
        versions_pinned=settings.pin_versions,
        pause=ending.wait,
    )
    progress = Progress(count_all=objects)
    _log_through(progress)
    going = Run(
        bringing.bring, lambda r: tell(r, progress, failures), arguments.concurrency, ending
    )
    try:
        with progress:
            going.over(objects())
            bringing.end()
    except (KeyboardInterrupt, CannotWork) as end:
        interrupted = isinstance(end, KeyboardInterrupt)
        progress.say("interrupted" if interrupted else str(end))
        if progress.counts:
            print(progress.summary())
            progress.say(how_to_go_on(arguments, going))
        return INTERRUPTED if interrupted else CANNOT_WORK
    print(progress.summary())
    return ALL_LANDED if progress.counts.keys() <= set(DONE) else SOME_NOT


def tell(result: Result, progress: Progress, failures: TextIO | None) -> None:
    progress.add(result.status)
    listed = result.listed
    address = address_of(listed.object.bucket, listed.object.key)
    if result.status in TOLD_BY_A_DRY_RUN:
        progress.say(f"{result.status}  {listed.size} bytes  {address}", sys.stdout)
    if result.status is not Status.FAILED:
        return
    progress.say(f"failed  {address}: {result.text}")
    if failures is not None:
        fields = {
            "bucket": listed.object.bucket,
            "key": listed.object.key,
            "size": listed.size,
            "etag": listed.object.etag,
            "reason": result.reason,
            "message": result.text,
        }
        failures.write(json.dumps(fields) + "\n")
        failures.flush()


def how_to_go_on(arguments: argparse.Namespace, going: Run) -> str:
    text = "To go on, run the same again."
    if going.all_before and not arguments.inventory:
        text += f" It may pass over what is done: --start-after {shell_word(going.all_before)}"
    return text


def shell_word(key: str) -> str:
    """Return the key as a word for bash, as `$'...'` if it holds what cannot be seen."""
    if printable(key) == key:
        return shlex.quote(key)
    escaped = key.replace("\\", r"\\").replace("'", r"\'")
    # Bash reads \xNN as a byte, so what is above 127 needs \uNNNN.
    latin = re.sub(r"[\x80-\xff]", lambda sign: f"\\u{ord(sign[0]):04x}", escaped)
    return f"$'{printable(latin)}'"


def _client_of(clients: S3Clients, bucket: str) -> Any:
    try:
        return clients.of_bucket(bucket)
    except AWS_ERRORS as error:
        raise CannotWork(why_not(error, f"find s3://{bucket}", "s3:ListBucket")) from None


def _log_through(progress: Progress) -> None:
    """Let warnings of the forwarder not end up within the bar."""
    handler = logging.StreamHandler()
    handler.emit = lambda record: progress.say(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("forwarder").addHandler(handler)


def _address(word: str) -> tuple[str, str]:
    try:
        return bucket_and_key(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _concurrency(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 256:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 256")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
