"""Whether this machine's clock agrees with the hosts that it talks to.

Keys expire by it, Google's tokens are refused when it is wrong, and so are URLs that a sender
signs by such a clock: S3 bears 15 minutes.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (RequestTimeTooSkewed)
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from diagnosis.finding import Finding, Verdict

MAX_SKEW = timedelta(seconds=60)
"""A synchronised clock is right to a part of a second; an answer may be some seconds late."""
CHECK = "clock"


def skew_of(date: str | None, now: datetime) -> timedelta | None:
    """Return how far `now` is ahead of an answer's Date header; None if it tells no time."""
    try:
        told = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    return now - (told if told.tzinfo else told.replace(tzinfo=UTC))


def check_clock(skews: Mapping[str, timedelta | None]) -> Iterator[Finding]:
    """Compare with each host that was reached."""
    known = {host: skew for host, skew in skews.items() if skew is not None}
    wrong = {host: skew for host, skew in known.items() if abs(skew) > MAX_SKEW}
    for host, skew in wrong.items():
        yield Finding(
            CHECK,
            Verdict.FAILED,
            f"This machine's clock is {_words(skew)} that of {host}. Synchronise it "
            "(`timedatectl set-ntp true`, or the host's own time service); if it is right, "
            "that of the other.",
        )
    if known and not wrong:
        text = f"Agrees within {MAX_SKEW.seconds} s with {', '.join(known)}."
        yield Finding(CHECK, Verdict.OK, text)
    if not known:
        text = "No host was reached that tells the time: mend that, then look again."
        yield Finding(CHECK, Verdict.NOT_CHECKED, text)


def _words(skew: timedelta) -> str:
    seconds = abs(round(skew.total_seconds()))
    size = f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"
    return f"{size} {'ahead of' if skew > timedelta() else 'behind'}"
