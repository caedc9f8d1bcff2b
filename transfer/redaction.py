"""What must never be written down, taken out of log records: the last net, not the first.

Code that holds a secret does not log it. This catches what a library, or a mistake, would.
"""

import logging
import re

_SECRET = re.compile(
    r"""(
      \b(?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|upload_id)=
    | [?&](?:key|api_key|x-api-key)=
    | \bx-api-key["']?\s*[:=]\s*["']?
    | \bauthorization["']?\s*[:=]\s*["']?(?:bearer\s+)?
    )[^&\s"'<>,;)}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """Return the text with the values of signatures, keys and upload sessions blotted out."""
    if "=" not in text and ":" not in text:  # then there is none, and most texts are such
        return text
    return _SECRET.sub(r"\1[redacted]", text)


class RedactingFormatter(logging.Formatter):
    """Redacts whole records: message, arguments, exception and stack alike."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
