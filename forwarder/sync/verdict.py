"""Whether a failure is of one object or of all: what one object can cause needs witnesses."""

from threading import Lock

from forwarder.aws_failures import CONFIGURATION
from forwarder.endpoint import NOT_LANDFALL
from forwarder.sync.listing import CannotWork

BUSY = frozenset({"OVERLOADED", "RATE_LIMITED", "DRAINING", "STARTING", "HTTP_429"})
"""What says nothing but that others are served just now."""
PASSING = BUSY | {
    "URL_EXPIRED", "SOURCE_UNAVAILABLE", "SOURCE_CORRUPT", "STORE_UNAVAILABLE",
    "NOTIFY_UNAVAILABLE", "INTERNAL", "ENDPOINT_UNREACHABLE", "NO_TIME", "SUPERSEDED", "HTTP_408",
    "HTTP_500", "HTTP_502", "HTTP_503", "HTTP_504",
}  # fmt: skip
"""What may be over at the next try."""
ABOUT_THE_OBJECT = frozenset(
    {"INVALID_MESSAGE", "OBJECT_TOO_LARGE", "SOURCE_GONE", "SOURCE_REFUSED", "SUPERSEDED"}
)
"""What says nothing of other objects: archived ones, for example, are refused one by one."""
HOPELESS = frozenset(
    {
        "API_KEY_MISSING", "API_KEY_INVALID", "API_KEY_UNREADABLE", "BUCKET_NOT_ALLOWED",
        "CREDENTIALS", CONFIGURATION, "NOT_FOUND", "METHOD_NOT_ALLOWED", "NOT_JSON",
    }
)  # fmt: skip
"""What cannot depend on the object, so all others would meet it too."""
SUSPECTS = 3
"""So many objects that met what is most often a mistake in the set-up, before one got through."""
FAILURES_IN_A_ROW = 20
"""So many objects that failed one after another, all tries spent, say that the rest will too."""
ADVICE = "if only these fail, pass over them with --start-after"


class Verdict:
    """Hears of each object how it ended, and ends the run when the rest would fail too.

    For use by several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._failed_in_a_row = 0
        self._suspects = 0
        self._last_suspect = ""
        self._one_got_through = False

    def got_through(self) -> None:
        with self._lock:
            self._one_got_through = True
            self._failed_in_a_row = 0

    def failed(self, reason: str, text: str) -> None:
        """Count the failure of one object, all its tries spent.

        Raises:
            CannotWork: The others would fail too.
        """
        if reason in ABOUT_THE_OBJECT:
            return
        with self._lock:
            self._failed_in_a_row += 1
            if is_suspect(reason):
                self._suspects += 1
                self._last_suspect = text
            if self._suspects >= SUSPECTS and not self._one_got_through:
                raise CannotWork(
                    f"{SUSPECTS} objects failed and none got through ({ADVICE}), at last: {text}"
                )
            if self._failed_in_a_row >= FAILURES_IN_A_ROW:
                raise CannotWork(
                    f"{FAILURES_IN_A_ROW} objects failed in a row ({ADVICE}), at last: {text}"
                )

    def end(self) -> None:
        """Judge a run of so few objects that nothing could be seen on the way.

        Raises:
            CannotWork: Not one got through, and not for a reason of its own.
        """
        if self._last_suspect and not self._one_got_through:
            raise CannotWork(f"no object got through, the last: {self._last_suspect}")


def is_suspect(reason: str) -> bool:
    """Whether it is most often a mistake in the set-up, but one object may cause it too.

    Cloud Storage, for example, refuses one object that is under retention, and a firewall before
    Landfall may refuse one message for what is in it, or answer it with a page of its own.
    """
    if reason in ("MISCONFIGURED", NOT_LANDFALL):
        return True
    return reason.startswith("HTTP_") and reason not in PASSING
