"""The second net: finds objects that landed and were never announced, and announces them.

    python reconcile.py walk [PREFIX]    looks at every landed object, once
    python reconcile.py follow           looks at each ten minutes after it landed, for ever

`follow` pulls the landing bucket's own notifications from FINALIZE_SUBSCRIPTION. Ends with 1
if an object stays unannounced or its record cannot be read, with 2 if it cannot work at all.
"""

import argparse
import logging
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from main import configure_logging, make_store, make_topic
from settings import SettingsInvalid, read_reconciler_settings
from transfer.errors import LandfallError, Unavailable
from transfer.printable import printable_lines
from transfer.reconciling import PATIENCE, BucketEvents, Finding, Reconciler
from transfer.redaction import redact

RETRY_SECONDS = 5
_log = logging.getLogger("landfall.reconciling")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="reconcile.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("way", choices=["walk", "follow"])
    parser.add_argument("prefix", nargs="?", default="", help="of object names, for walk")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE.total_seconds(),
        metavar="SECONDS",
        help="younger objects are left to their messages (600)",
    )
    asked = parser.parse_args(arguments)
    try:
        settings = read_reconciler_settings(os.environ)
        configure_logging(settings.log_level, settings.log_format)
        reconciler = Reconciler(
            make_store(settings.landing_bucket),
            make_topic(settings.notification_topic),
            timedelta(seconds=asked.patience),
        )
        if asked.way == "walk":
            return _walk(reconciler, asked.prefix)
        return _follow(reconciler, settings.landing_bucket, settings.finalize_subscription)
    except (SettingsInvalid, LandfallError) as error:
        sys.stderr.write(f"{printable_lines(redact(str(error)))}\n")
        return 2


def _walk(reconciler: Reconciler, prefix: str) -> int:
    found = reconciler.walk(prefix)
    for finding in Finding:
        print(f"{found[finding]:9} {finding.value}")
    return 1 if found[Finding.FAILED] or found[Finding.UNREADABLE] else 0


def _follow(reconciler: Reconciler, bucket: str | Path, subscription: str | None) -> int:
    if isinstance(bucket, Path):
        raise SettingsInvalid(
            "LANDING_BUCKET is a directory, which sends no notifications: use `walk`."
        )
    if subscription is None:
        raise SettingsInvalid(
            "FINALIZE_SUBSCRIPTION is not set: name the subscription of the landing bucket's "
            "notifications, as projects/PROJECT/subscriptions/SUBSCRIPTION. "
            "Without one, `walk` does the same on demand."
        )
    from adapters.pubsub_subscription import PubSubSubscription

    events: BucketEvents = PubSubSubscription(subscription, bucket)
    while True:
        try:
            reconciler.follow(events)
        except Unavailable as error:
            _log.warning("Looking again in %d s: %s", RETRY_SECONDS, error)
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(0)
