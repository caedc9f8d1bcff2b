"""Who may call what, as openapi.yaml says; a gateway in front is not relied upon."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence, Set
from datetime import UTC, datetime

from flask import g, request

from handlers.errors import RequestRefused
from handlers.query import query_pairs
from handlers.spec import Operation
from transfer.api_keys import ApiKey, find_api_key

_IN_QUERY = ("key", "apikey", "xapikey")
_DEFAULT_HEADER = "x-api-key"


class CallerCheck:
    """Runs before every request; leaves the caller's key in `flask.g.api_key`."""

    def __init__(
        self,
        operations: Sequence[Operation],
        keys: Callable[[], Sequence[ApiKey]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._operations = operations
        self._keys = keys
        self._now = now
        self._lock = threading.Lock()
        self.refusals: Counter[str] = Counter()
        """How often nobody, or a wrong key, was turned away since the start, by reason."""

    def __call__(self) -> None:
        """Raise RequestRefused unless the spec knows the operation and the caller may use it."""
        path = request.environ["PATH_INFO"].removesuffix("/")  # request.path hides slashes
        there = [o for o in self._operations if o.path == path]
        operation = next((o for o in there if o.method == request.method), None)
        named = _check_tricks({name for o in there for name in o.query})
        # A stranger learns nothing of what exists: the key comes before 404 and 405.
        if operation is None or operation.key_header is not None:
            g.api_key = self._find_key(operation)
            # Whoever has no key is told nothing of whether this is one.
            if any(find_api_key(self._keys(), value) for value in named):
                raise _key_in_query()
        if not there:
            raise RequestRefused(
                "NOT_FOUND", "There is no such path. Messages are sent by POST to /processmessage."
            )
        if operation is None:
            allow = ", ".join(o.method for o in there)
            raise RequestRefused("METHOD_NOT_ALLOWED", f"This path takes {allow} only.", allow)

    def _find_key(self, operation: Operation | None) -> ApiKey:
        header = (operation and operation.key_header) or _DEFAULT_HEADER
        presented = request.headers.get(header)
        if not presented:
            raise self._refusal("API_KEY_MISSING", f"Send your API key in the {header} header.")
        key = find_api_key(self._keys(), presented)
        why = "is not known" if key is None else key.why_refused(self._now())
        if key is None or why is not None:
            name = "" if key is None else f"{key.name} "
            # Whatever is wrong, a stranger reads the same.
            text = "The API key is not known, expired or disabled."
            raise self._refusal("API_KEY_INVALID", text, f"The key {name}{why}.")
        return key

    def _refusal(self, reason: str, text: str, why: str = "There is none.") -> RequestRefused:
        with self._lock:
            self.refusals[reason] += 1
            count = self.refusals[reason]
        return RequestRefused(reason, text, for_log=f"{why} Number {count} since the start.")


def _check_tricks(declared: Set[str]) -> list[str]:
    """Return what is named like a key and is none, for the spec declares it to be another thing.

    It never lets anybody in.
    """
    if "X-HTTP-Method-Override" in request.headers:
        raise RequestRefused("METHOD_OVERRIDE", "X-HTTP-Method-Override is not taken.")
    named = [
        (name, value)
        for name, value in query_pairs(request)
        if re.sub("[-_]", "", name.lower()) in _IN_QUERY
    ]
    if any(name not in declared for name, _ in named):
        raise _key_in_query()
    return [value for _, value in named]


def _key_in_query() -> RequestRefused:
    return RequestRefused(
        "KEY_IN_QUERY",
        "An API key in the query ends up in logs: send it in the x-api-key header, and "
        "have this one replaced.",
    )
