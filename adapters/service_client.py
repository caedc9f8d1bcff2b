"""A running Landfall, asked from outside. Redirects are not followed: they would carry the key."""

from collections.abc import Mapping

from adapters.kept_connections import Answer, KeptConnections
from adapters.unreachable import why_unreachable
from transfer.errors import Unavailable

_SECONDS = (5.0, 30.0)


class ServiceClient:
    """Asks below one URL, without a slash at its end."""

    def __init__(self, url: str, authorities: str | None = None) -> None:
        """`authorities` is a file in PEM; by default certifi's."""
        self._url = url
        self._connections = KeptConnections(authorities)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Raise Unavailable, which says why, if no answer came."""
        url = f"{self._url}{path}"
        try:
            return self._connections.request(
                method, url, headers or {}, body, _SECONDS, repeatable=True
            )
        except OSError as error:
            raise Unavailable(why_unreachable(error)) from None
