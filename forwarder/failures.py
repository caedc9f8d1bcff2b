"""Why an object was not forwarded."""

import traceback


class NotForwarded(Exception):
    """One object did not reach Landfall, or Landfall did not take it; it must be sent again.

    The text says what happened and what to do. It never holds a presigned URL, a signature or
    the API key, nor the text of a foreign exception, which may hold one.
    """

    def __init__(self, reason: str, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        """One word for logs and programs: Landfall's own reason, or one of this package."""
        self.retry_after = retry_after
        """Seconds that Landfall asked to wait, if it did."""


class ObjectGone(Exception):
    """S3 has no such object any more: nothing is left to forward."""


class KeyRefused(NotForwarded):
    """Landfall does not take the API key."""


def where_raised(error: BaseException) -> str:
    """Return the traceback of an unexpected error, without its text, which may hold anything."""
    return "".join(traceback.format_tb(error.__traceback__))


def unexpected(error: BaseException) -> str:
    return f"unexpected {type(error).__name__}: please report it"
