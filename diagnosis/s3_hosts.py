"""Whether S3 can be reached from here: found, trusted, and answering as S3 does.

The request is unsigned, so a good answer is an error of S3's own.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnosis.answer import Answer
from diagnosis.clock import skew_of
from diagnosis.finding import Finding, Verdict
from transfer.errors import SourceUnavailable
from transfer.s3_hosts import first_host, host_of

CHECK = "S3 hosts"
_CODE = re.compile(rb"<Code>[A-Za-z0-9]{1,64}</Code>")
_THREADS = 8


Ask = Callable[[str], Answer]
"""Sends an unsigned request to an origin; raises SourceUnavailable."""


@dataclass(frozen=True)
class Host:
    """One origin to try."""

    origin: str
    remedy: str
    is_needed: bool
    """Objects come from there for certain: the operator named it."""


@dataclass(frozen=True)
class Tried:
    """What came of it."""

    host: Host
    failure: str | None
    skew: timedelta | None = None
    """How far our clock was ahead of the host's."""


def hosts_to_try(
    endpoints: Collection[str], partitions: Set[str], regions: Sequence[str]
) -> list[Host]:
    """Return the listed endpoints and those Regions; or, with neither, one host per partition.

    Raises:
        UrlRefused: No such Region.
    """
    listed = [
        Host(origin, "Start that server, or correct S3_ENDPOINTS.", is_needed=True)
        for origin in sorted(endpoints)
    ]
    amazons = "Open the way out to it on port 443, and look at this machine's DNS."
    named = [Host(f"https://{host_of(r, partitions)}", amazons, is_needed=True) for r in regions]
    spare = [
        Host(
            f"https://{first_host(partition)}",
            f"{amazons} If no objects come from {partition}, leave it out of S3_PARTITIONS.",
            is_needed=False,
        )
        for partition in sorted(partitions)
    ]
    return listed + named or spare


def try_hosts(hosts: Sequence[Host], ask: Ask, now: Callable[[], datetime]) -> list[Tried]:
    """Ask all at once: one that is silent takes its time."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(lambda host: _try(host, ask, now), hosts))


def judge_hosts(tried: Sequence[Tried]) -> Iterator[Finding]:
    """One that is not needed for certain is a fault only if none of them answers."""
    some_answer = any(one.failure is None for one in tried)
    for one in tried:
        if one.failure is None:
            yield Finding(CHECK, Verdict.OK, f"{one.host.origin} answers.")
            continue
        harmless = some_answer and not one.host.is_needed
        verdict = Verdict.ADVICE if harmless else Verdict.FAILED
        yield Finding(CHECK, verdict, f"{one.host.origin}: {one.failure} {one.host.remedy}")


def _try(host: Host, ask: Ask, now: Callable[[], datetime]) -> Tried:
    try:
        answer = ask(host.origin)
    except SourceUnavailable as error:
        return Tried(host, str(error))
    if not (_CODE.search(answer.body) or "x-amz-request-id" in answer.headers):
        return Tried(host, f"What answers there ({answer.status}) is not S3, but perhaps a proxy.")
    return Tried(host, None, skew_of(answer.headers.get("date"), now()))
