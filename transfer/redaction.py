"""What must never be written down, taken out of log records: the last net, not the first.

Code that holds a secret does not log it. This catches what a library, or a mistake, would.
"""

import logging
import re

# As they stand in URLs, also within other URLs; in headers, also as libraries show these: in
# bytes, in pairs, in gRPC's metadata, in WSGI's environment.
_SECRET = re.compile(
    r"""(
      (?:\b|%[0-9A-F]{2})
      (?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|upload_id)
      (?:=|%3D)
    | [?&](?:key|api_key|x-api-key)=
    | (?:\b|_)(?:x[-_]api[-_]key|authorization|access_token)
      (?:\\?["']?\s*[:=]|["']\s*,)\s*
      (?:value=)?(?:b?\\?["'])?(?:(?:bearer|basic)\s+)?
    )[^&\s"'<>,;)}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)
_MARKS = re.compile("[=:,%]")


def redact(text: str) -> str:
    """Return the text with values of signatures, keys, tokens and upload sessions blotted out."""
    if not _MARKS.search(text):  # then there is none, and most texts are such
        return text
    return _SECRET.sub(r"\1[redacted]", text)


class RedactingFormatter(logging.Formatter):
    """Redacts whole records: message, arguments, exception and stack alike."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
