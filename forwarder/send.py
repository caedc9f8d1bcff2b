"""Forward one object by hand, and print Landfall's answer.

It needs the environment of the forwarder (ENDPOINT_URL and the API key) and AWS credentials that
may read the object. Exit codes: 0 it is landed, 1 it is not, 2 it cannot work.
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, unexpected, where_raised
from forwarder.forwarding import GONE, Outcome, make_forwarder
from forwarder.printable import accept_any_text, printable
from forwarder.report import silence_libraries
from forwarder.s3_address import address_of, bucket_and_key
from forwarder.settings import BadEnvironment, read_settings

LANDED, NOT_LANDED, CANNOT_WORK = 0, 1, 2
SECONDS = 3600.0


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    silence_libraries()
    accept_any_text(sys.stdout, sys.stderr)
    arguments = parse(sys.argv[1:])
    bucket, key = arguments.source
    try:
        forwarder = make_forwarder(read_settings(os.environ))
        act = forwarder.compare if arguments.dry_run else forwarder.forward
        outcome = act(S3Object(bucket, key), SECONDS)
    except BadEnvironment as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_WORK
    except NotForwarded as error:
        sys.stderr.write(f"not forwarded  {address_of(bucket, key)}: {error}\n")
        return NOT_LANDED
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - its text may hold a secret
        sys.stderr.write(f"{where_raised(error)}{unexpected(error)}\n")
        return CANNOT_WORK
    for line in lines_about(address_of(bucket, key), outcome):
        print(printable(line))
    return LANDED if outcome.status in ("landed", "already-landed") else NOT_LANDED


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m forwarder.send",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=_address, metavar="s3://BUCKET/KEY")
    parser.add_argument("--dry-run", action="store_true", help="only report whether it is landed")
    return parser.parse_args(words)


def lines_about(address: str, outcome: Outcome) -> Iterator[str]:
    """Yield what a person wants to know of the answer."""
    if outcome.status == GONE:
        yield f"gone  {address}: S3 has no such object"
        return
    size = "size unknown" if outcome.size is None else f"{outcome.size} bytes"
    yield f"{outcome.status}  {address}, {size}"
    there, notification = outcome.answer.get("object"), outcome.answer.get("notification")
    if there:
        yield f"  object        {there['name']} in {there['bucket']}, {there['size']} bytes"
        yield f"  generation    {there['generation']}"
        yield f"  verified      {', '.join(outcome.answer['verified']) or 'nothing'}"
        yield f"  notification  {notification['messageId'] if notification else 'none yet'}"


def _address(word: str) -> tuple[str, str]:
    try:
        bucket, key = bucket_and_key(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not key:
        raise argparse.ArgumentTypeError("name one object: s3://BUCKET/KEY")
    return bucket, key


if __name__ == "__main__":
    sys.exit(main())
