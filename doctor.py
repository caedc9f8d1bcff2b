"""Finds out what is wrong with a set-up, and says what to do about each fault.

    python doctor.py                          the settings of this environment, and all they name
    python doctor.py --region eu-central-1    with the hosts of the Regions that objects come from
    python doctor.py --url https://HOST       a running service, asked from outside

With the sender's key in ENDPOINT_API_KEY, both tell whether it is taken. Safe in production:
nothing is ever published, no object that landed is touched, and a message to a running service
only asks. In Cloud Storage one object of a few bytes lands under the reserved `.landfall/doctor/`
and is deleted at once; `python -m forwarder.send` sends a real one all the way.

Ends with 1 if something failed; advice and what could not be checked are no failures.
"""

import argparse
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from adapters.s3_reach import S3Reach
from adapters.service_client import ServiceClient
from diagnosis.answer import Answer
from diagnosis.api_keys import CHECK as KEYS
from diagnosis.api_keys import SENDER, check_keys, check_presented
from diagnosis.clock import check_clock
from diagnosis.disk import CHECK as DISK
from diagnosis.disk import check_room
from diagnosis.finding import Finding, Verdict, failure, guarded
from diagnosis.s3_hosts import CHECK as S3_HOSTS
from diagnosis.s3_hosts import hosts_to_try, judge_hosts, try_hosts
from diagnosis.service import HEALTH, check_service
from diagnosis.store import STORE, check_store
from diagnosis.topic import TOPIC, check_topic
from main import make_key_ring, make_store, make_topic
from settings import Settings, SettingsInvalid, read_settings
from transfer.errors import LandfallError, UrlRefused
from transfer.printable import accept_any_text, printable_lines
from transfer.redaction import redact

_URL = re.compile(r"(https://[a-z0-9.-]+(?::\d{1,5})?|http://(?:127\.0\.0\.1|localhost):\d{1,5})/?")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="doctor.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", help="of a running service: it alone is asked then")
    parser.add_argument("--bucket", help="with --url: an S3 bucket that the key may land")
    parser.add_argument(
        "--region", action="append", default=[], help="of AWS, from which objects come; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="a list for programs to read")
    asked = parser.parse_args(arguments)
    # What store and topic advise is among the findings, and need not be in a log as well.
    logging.getLogger("landfall").addHandler(logging.NullHandler())
    if (asked.url and asked.region) or (asked.bucket and not asked.url):
        parser.error("--region is for the set-up here, --bucket for a running service")
    key = os.environ.get("ENDPOINT_API_KEY") or None
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        parser.error("ENDPOINT_API_KEY must be printable ASCII without spaces or line ends")
    if asked.url is None:
        return tell(examine(os.environ, key, asked.region, S3Reach()), asked.json)
    url = _URL.fullmatch(asked.url)
    if url is None:
        parser.error("--url must be https://HOST, or it would send the key for all to read")
    host = url[1].split("/")[2]
    service = ServiceClient(url[1])
    findings = guarded(HEALTH, lambda: check_service(service, key, asked.bucket, host, _now))
    return tell(findings, asked.json)


def examine(
    environment: Mapping[str, str], key: str | None, regions: Sequence[str], reach: S3Reach
) -> Iterator[Finding]:
    """Check the settings and all that they name."""
    try:
        settings = read_settings(environment)
    except SettingsInvalid as error:
        for problem in error.problems:
            yield Finding("settings", Verdict.FAILED, problem)
        yield Finding("all else", Verdict.NOT_CHECKED, "Correct the settings first.")
        return
    yield Finding("settings", Verdict.OK, "They can be read, and fit together.")
    pinned = settings.object_name.is_pinned
    yield from guarded(KEYS, lambda: _keys(settings, key))
    yield from guarded(STORE, lambda: check_store(make_store(settings.landing_bucket), pinned))
    yield from guarded(TOPIC, lambda: check_topic(make_topic(settings.notification_topic)))
    yield from guarded(DISK, lambda: _disks(settings))
    yield from guarded(S3_HOSTS, lambda: _s3(settings, regions, reach))


def _keys(settings: Settings, presented: str | None) -> Iterator[Finding]:
    try:
        keys = make_key_ring(settings).keys
    except (SettingsInvalid, LandfallError) as error:
        yield Finding(KEYS, Verdict.FAILED, str(error))
        if presented is not None:
            yield Finding(SENDER, Verdict.NOT_CHECKED, f"Mend the {KEYS} first.")
        return
    yield from check_keys(keys, _now())
    if presented is not None:
        yield check_presented(keys, presented, _now())


def _disks(settings: Settings) -> Iterator[Finding]:
    bucket, topic = settings.landing_bucket, settings.notification_topic
    folders = [bucket] if isinstance(bucket, Path) else []
    folders += [topic.parent] if isinstance(topic, Path) else []
    for folder in folders:
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue  # the check of what is in it has told
        yield check_room(str(folder.absolute()), free)


def _s3(settings: Settings, regions: Sequence[str], reach: S3Reach) -> Iterator[Finding]:
    def ask(origin: str) -> Answer:
        return reach.ask(origin, listed=origin in settings.s3_endpoints)

    try:
        hosts = hosts_to_try(settings.s3_endpoints, settings.s3_partitions, regions)
    except UrlRefused as error:
        yield failure(S3_HOSTS, error)
        return
    tried = try_hosts(hosts, ask, _now)
    yield from judge_hosts(tried)
    yield from check_clock({one.host.origin: one.skew for one in tried if one.failure is None})


def _now() -> datetime:
    return datetime.now(UTC)


def tell(findings: Iterator[Finding], as_json: bool) -> int:
    """Print each finding once it is there, and return the exit code."""
    accept_any_text(sys.stdout, sys.stderr)
    told = []
    for finding in findings:
        told.append(finding)
        if not as_json:
            line = f"{finding.verdict:11}  {finding.check:15}  {finding.text}"
            print(printable_lines(redact(line)), flush=True)
    if as_json:
        rows = [asdict(one) | {"text": redact(one.text)} for one in told]
        print(json.dumps(rows, indent=2))  # in ASCII: nothing commands a terminal
    return 1 if any(one.verdict is Verdict.FAILED for one in told) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
