"""One object on its way: look at it, sign, send, and say what came of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forwarder.api_key import GivenKey, SecretKey
from forwarder.endpoint import Endpoint
from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.message import Message, MessageMaker
from forwarder.s3_clients import S3Clients
from forwarder.settings import Settings

GONE = "gone"
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Outcome:
    """What became of an object that needs no further try."""

    status: str
    """Landfall's `landed`, `already-landed` or `superseded` (of `compare`: `landed`, `missing`
    or `different`); `gone` if S3 has no such object any more, and nothing was sent."""
    size: int | None = None
    """Bytes, as S3 says; None if the object is gone, or S3 does not say."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """Landfall's whole answer."""


class Forwarder:
    """Forwards objects; for use by several threads, whose connections it keeps."""

    def __init__(self, messages: MessageMaker, endpoint: Endpoint) -> None:
        self._messages = messages
        self._endpoint = endpoint

    def forward(self, wanted: S3Object, seconds: float) -> Outcome:
        """Have the object landed, within this time.

        Raises:
            NotForwarded: It must be sent again.
        """
        ends = time.monotonic() + seconds
        try:
            message = self._messages.message_about(wanted)
            outcome = self._send(message, ends)
            if outcome.status != SUPERSEDED:
                return outcome
            # The object changed between our look and Landfall's: what is there now goes on
            # its way at once, without waiting for its own event.
            newer = self._messages.message_about(wanted)
            outcome = self._send(newer, ends)
        except ObjectGone:
            return Outcome(GONE)
        if outcome.status == SUPERSEDED and _is_unchanged(message, newer):
            raise NotForwarded(
                SUPERSEDED.upper(),
                "S3 named the same ETag twice, but Landfall found other bytes under it each time: "
                "check whether a proxy or cache before S3 answers HeadObject, and whether the "
                "server compares If-Match with the ETag that it gives",
            )
        return outcome

    def compare(self, wanted: S3Object, seconds: float) -> Outcome:
        """Ask whether the object is landed as it is now, transferring nothing.

        Raises:
            NotForwarded: There is no answer to that.
        """
        ends = time.monotonic() + seconds
        try:
            return self._send(self._messages.message_about(wanted), ends, validateOnly=True)
        except ObjectGone:
            return Outcome(GONE)

    def compare_as_listed(self, listed: S3Object, size: int, seconds: float) -> Outcome:
        """Ask the same by what a list says of the object, without asking S3.

        Only for an object whose region and ETag are known.

        Raises:
            NotForwarded: There is no answer to that.
        """
        message = self._messages.message_as_listed(listed, size)
        answer = self._endpoint.send(message, seconds, validateOnly=True)
        return Outcome(str(answer["status"]), size, answer)

    def _send(self, message: Message, ends: float, **beside: object) -> Outcome:
        seconds = ends - time.monotonic()
        if seconds <= 0:
            raise NotForwarded(
                "NO_TIME", "no time left to send the message: raise the timeout of the function"
            )
        answer = self._endpoint.send(message, seconds, **beside)
        size = message.get("ContentLength")
        return Outcome(str(answer["status"]), None if size is None else int(size), answer)


def _is_unchanged(message: Message, newer: Message) -> bool:
    """Whether S3 named the same bytes twice; without a size, the ETag is the event's own."""
    return "ContentLength" in newer and message.get("ETag") == newer.get("ETag")


def make_forwarder(settings: Settings, connections: int = 10) -> Forwarder:
    """Return a forwarder for these settings and the AWS credentials of the environment.

    `connections` is how many threads use it at once.
    """
    key = GivenKey(settings.api_key) if settings.api_key else SecretKey(settings.api_key_secret)
    messages = MessageMaker(
        S3Clients(connections), settings.url_expires_seconds, settings.pin_versions
    )
    return Forwarder(messages, Endpoint(settings.endpoint_url, key, connections))
