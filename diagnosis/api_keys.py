"""Whether senders can get in, now and in the next weeks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from diagnosis.finding import Finding, Verdict
from transfer.api_keys import ApiKey, find_api_key

SOON = timedelta(days=14)
CHECK = "API keys"
SENDER = "sender's key"
_ROTATE = (
    "`make key` makes one: add its entry, change the sender, then remove the old entry. "
    "Two keys may be in force at once."
)


def check_keys(keys: Sequence[ApiKey], now: datetime) -> Iterator[Finding]:
    refused = {key.name: why for key in keys if (why := key.why_refused(now))}
    live = [key for key in keys if key.name not in refused]
    if not live:
        told = "; ".join(f"{name} {why}" for name, why in refused.items())
        yield Finding(CHECK, Verdict.FAILED, f"No sender can get in: {told}. {_ROTATE}")
        return
    yield Finding(CHECK, Verdict.OK, f"In force: {', '.join(key.name for key in live)}.")
    for name, why in refused.items():
        text = f"The key {name} {why}: remove its entry, or renew it if a sender still uses it."
        yield Finding(CHECK, Verdict.ADVICE, text)
    for key in live:
        if key.expires is not None and key.expires - now < SOON:
            text = f"The key {key.name} expires at {key.expires.isoformat()}. {_ROTATE}"
            yield Finding(CHECK, Verdict.ADVICE, text)


def check_presented(keys: Sequence[ApiKey], presented: str, now: datetime) -> Finding:
    """Tell whether the service would take the key that a sender holds."""
    key = find_api_key(keys, presented)
    if key is None:
        return Finding(SENDER, Verdict.FAILED, _why_unknown(keys, presented))
    why = key.why_refused(now)
    if why is not None:
        return Finding(SENDER, Verdict.FAILED, f"It is {key.name}, which {why}. {_ROTATE}")
    origins = f" of {', '.join(sorted(key.origins))}" if key.origins is not None else ""
    text = f"It is {key.name}, for buckets {', '.join(key.buckets)}{origins}."
    return Finding(SENDER, Verdict.OK, text)


def _why_unknown(keys: Sequence[ApiKey], presented: str) -> str:
    with_newline = find_api_key(keys, f"{presented}\n")
    if with_newline is not None:
        return (
            f"The entry {with_newline.name} holds the digest of the key and a line's end: make "
            "the digest anew with `printf %s KEY | sha256sum`, not with echo."
        )
    without_space = find_api_key(keys, presented.strip())
    if without_space is not None:
        return (
            f"ENDPOINT_API_KEY is the key {without_space.name} with white space around it: "
            "take that away where the sender gets it from."
        )
    if any(key.sha256.hex() == presented.lower() for key in keys):
        return (
            "ENDPOINT_API_KEY is the digest, which lets nobody in: give the sender the key itself "
            "or, if it is lost, make a new one with `make key`."
        )
    return (
        "ENDPOINT_API_KEY is none of the configured keys: its SHA-256 is in no entry. Give the "
        "sender the right key, or add the entry that `make key` prints for a new one."
    )
