"""Landfall's endpoint: a message goes there, and its answer is read."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from forwarder.answers import NotUnderstood, parsed, understood
from forwarder.api_key import ApiKey
from forwarder.connections import new_pool, proxy_of
from forwarder.failures import KeyRefused, NotForwarded
from forwarder.message import Message
from forwarder.reasons import RIGHT_URL, advice_for, at, is_by_gateway, reason_of

CONNECT_SECONDS = 5
# Lambda freezes the function between invocations, and a connection that broke meanwhile looks
# whole: after so long without use, new ones are made.
IDLE_SECONDS = 30
MAX_ANSWER_BYTES = 256 * 1024
LONGEST_RETRY_AFTER = 3600
NOT_LANDFALL = "ENDPOINT_NOT_LANDFALL"


class Endpoint:
    """Its connections are kept; for use by several threads."""

    def __init__(
        self,
        url: str,
        api_key: ApiKey,
        connections: int = 10,
        now: Callable[[], float] = time.time,  # monotonic time may stand still with the function
    ) -> None:
        self._url = url
        self._now = now
        self._api_key = api_key
        self._http = new_pool(url, connections)
        self._used = now()

    def send(self, message: Message, seconds: float, **beside: object) -> dict[str, Any]:
        """Return Landfall's answer of success to the message, with all the fields it must have.

        `seconds` is the time to connect and for each wait for bytes of the answer, so an answer
        that comes byte by byte may take longer; `beside` are fields that go beside
        `inputMessage`, such as `validateOnly`.

        Raises:
            NotForwarded: There was no answer, or it was no success, or not Landfall's.
        """
        body = json.dumps({"inputMessage": message, **beside}).encode()
        ends = time.monotonic() + seconds
        key = self._api_key.current()
        try:
            status, data = self._post(body, key, ends)
        except KeyRefused:
            # It may have been rotated; if so, the new one is tried, once.
            renewed = self._api_key.after(key)
            if renewed is None:
                raise
            key = renewed
            status, data = self._post(body, key, ends)
        try:
            return understood(
                data, message, compares=bool(beside.get("validateOnly")), secrets=[key]
            )
        except NotUnderstood as problem:
            raise self._not_landfall(status, str(problem)) from None

    def _post(self, body: bytes, key: str, ends: float) -> tuple[int, bytes]:
        """Return the status and the body of a 2xx answer, from Landfall or not."""
        if self._now() - self._used > IDLE_SECONDS:
            self._http.clear()
        try:
            status, headers, data = self._request_twice(body, key, ends)
        except HTTPError as error:
            raise _unreachable(error, proxy_of(self._http)) from None
        self._used = self._now()
        if 200 <= status < 300:
            return status, data
        raise _refusal(status, headers, parsed(data))

    def _request_twice(self, body: bytes, key: str, ends: float) -> tuple[int, Any, bytes]:
        """The other side may close a kept connection just as it is used again.

        Any message may be sent again, so what became of the first try does not matter.
        """
        try:
            return self._request(body, key, ends)
        except ProtocolError:
            return self._request(body, key, ends)

    def _request(self, body: bytes, key: str, ends: float) -> tuple[int, Any, bytes]:
        seconds = ends - time.monotonic()
        if seconds <= 0:
            raise NotForwarded("NO_TIME", "no time left to send the message")
        response = self._http.request(
            "POST",
            self._url,
            body=body,
            headers={"Content-Type": "application/json", "x-api-key": key},
            timeout=urllib3.Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),
            # Whoever sent the event repeats it, with a fresh URL; a redirect would carry the key
            # elsewhere.
            retries=False,
            redirect=False,
            preload_content=False,
        )
        data = _body(response)
        if len(data) > MAX_ANSWER_BYTES:
            response.close()  # Landfall has no such answers; what follows is not worth reading
            data = b""
        return response.status, response.headers, data

    def _not_landfall(self, status: int, problem: str) -> NotForwarded:
        host = urlsplit(self._url).netloc
        return NotForwarded(
            NOT_LANDFALL,
            f"{host} answered HTTP {status}, but not as Landfall does ({problem}), so nothing is "
            f"landed: {RIGHT_URL}, and nothing before it may answer in its place",
        )


def _body(response: Any) -> bytes:
    """Return the bytes as they come, and a few more than the most if there are more.

    They are never unpacked: none were asked for so, and a few can unpack to very many. Reading
    goes on to the end: only there it shows whether the answer was cut off, and the connection is
    free for the next message.
    """
    data = b""
    while len(data) <= MAX_ANSWER_BYTES:
        more = response.read(MAX_ANSWER_BYTES, decode_content=False)
        if not more:
            break
        data += more
    return data


def _unreachable(error: HTTPError, proxy: str | None) -> NotForwarded:
    kind = type(error).__name__
    by_proxy = (
        f"; the way there is the proxy {proxy} of HTTPS_PROXY: check it too, or name the host in "
        "NO_PROXY"
        if proxy
        else ""
    )
    return NotForwarded(
        "ENDPOINT_UNREACHABLE",
        f"no answer from ENDPOINT_URL ({kind}): check that its host is right, that it can be "
        f"reached from here, and that Landfall runs; if it answers late, allow more time{by_proxy}",
    )


def _refusal(status: int, headers: Any, answer: Any) -> NotForwarded:
    reason = reason_of(status, answer)
    from_landfall = at(answer, "error", "details", 0, "domain") == "landfall"
    said = at(answer, "error", "message")
    advice = advice_for(status, reason, said, from_landfall=from_landfall)
    text = f"Landfall answered HTTP {status}, {reason}" + (f": {advice}" if advice else "")
    is_about_key = status == 401 or is_by_gateway(status, from_landfall=from_landfall)
    kind = KeyRefused if is_about_key else NotForwarded
    return kind(reason, text, _seconds(headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    """Return the wait that is asked for, an hour at most; dates are not understood."""
    if not text or not text.isdecimal():
        return None
    return float(min(int(text[:10]), LONGEST_RETRY_AFTER))
