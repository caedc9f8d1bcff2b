"""Requests to the stand-in for Cloud Storage, and what a test can let happen to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from io import BufferedIOBase
from threading import Event

from tests.servers.cloud_storage_rules import Refusal
from tests.servers.cloud_storage_sessions import STEP, Span


class Dropped(ConnectionError):
    """The connection ends here, without an answer."""


class Body:
    """What a request carries, read once."""

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self.left = length
        self.corrupt = False
        self.on_bytes: Callable[[int], None] = lambda _: None
        self._stream = stream
        self._interruption: tuple[int, Callable[[], None]] | None = None

    def interrupt(self, after_bytes: int, action: Callable[[], None]) -> None:
        """Do this once so many bytes are read, at the latest at the body's end."""
        self._interruption = (self.left - after_bytes, action)

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes.

        Raises:
            Dropped: The client went away, or the test cuts the body here.
        """
        head = b""
        if self._interruption and self.left - count < self._interruption[0]:
            head = self._take(self.left - self._interruption[0])
            self._interrupt()
        return head + self._take(count - len(head))

    def readline(self) -> bytes:
        line = self._stream.readline(self.left)
        if not line:
            raise Dropped
        self._took(line)
        return line

    def drain(self) -> None:
        while self.left:
            self.read(min(self.left, STEP))
        if self._interruption:
            self._interrupt()

    def _interrupt(self) -> None:
        if self._interruption:
            _, action = self._interruption
            self._interruption = None
            action()

    def _take(self, count: int) -> bytes:
        block = self._stream.read(count)
        self._took(block)
        if len(block) < count:
            raise Dropped
        if self.corrupt and block:
            self.corrupt = False
            return bytes([block[0] ^ 1]) + block[1:]
        return block

    def _took(self, block: bytes) -> None:
        self.left -= len(block)
        self.on_bytes(len(block))


@dataclass
class Request:
    """What a fault may look at, and change before the request is processed."""

    kind: str
    bucket: str
    name: str
    """The object's, where the path tells it."""
    query_lists: Mapping[str, list[str]]
    headers: Message
    body: Body
    span: Span | None = None
    """What a PUT sends, unless it contradicts itself."""
    keep: int | None = None
    """How many bytes of a PUT to persist, if not all."""

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self.query_lists.items()}

    def is_a(self, kind: str) -> bool:
        """`finalise` is a `put` that ends its upload."""
        ends = self.kind == "put" and self.span is not None and self.span.is_last
        return kind == self.kind or (kind == "finalise" and ends)


class Fault:
    """Acts when a request has arrived, and again when its answer is ready to be sent."""

    def before(self, request: Request) -> None: ...

    def after(self, request: Request) -> None: ...


@dataclass
class Answer(Fault):
    """This status, instead of processing the request."""

    status: int
    message: str = "Injected by the test."
    reason: str | None = "injected"
    """Without one the message is sent as plain text."""

    def before(self, request: Request) -> None:
        raise Refusal(self.status, self.reason, self.message)


@dataclass
class Drop(Fault):
    """Closes the connection before the request is processed, or after so many body bytes."""

    after_bytes: int | None = None

    def before(self, request: Request) -> None:
        if self.after_bytes is None:
            self._drop()
        else:
            request.body.interrupt(self.after_bytes, self._drop)

    def _drop(self) -> None:
        raise Dropped


class LoseAnswer(Fault):
    """Processes the request, then closes the connection without a word."""

    def after(self, request: Request) -> None:
        raise Dropped


@dataclass
class Keep(Fault):
    """Persists no more than so many bytes of a PUT, which is then answered with 308."""

    bytes: int

    def before(self, request: Request) -> None:
        request.keep = self.bytes


class Corrupt(Fault):
    """Flips a bit of the body on its way in."""

    def before(self, request: Request) -> None:
        request.body.corrupt = True


@dataclass
class Call(Fault):
    """Runs something before the request is processed: another worker's deed, for example."""

    callback: Callable[[], object]

    def before(self, request: Request) -> None:
        self.callback()


@dataclass
class Hold(Fault):
    """Stops before the request is processed, or after so many body bytes.

    `reached` tells the test that it has stopped; the test sets `release`.
    """

    after_bytes: int | None = None
    reached: Event = field(default_factory=Event)
    release: Event = field(default_factory=Event)
    seconds: float = 30

    def before(self, request: Request) -> None:
        if self.after_bytes is None:
            self._wait()
        else:
            request.body.interrupt(self.after_bytes, self._wait)

    def _wait(self) -> None:
        self.reached.set()
        self.release.wait(self.seconds)


class HoldAnswer(Hold):
    """Processes the request, then stops before it is answered."""

    def before(self, request: Request) -> None: ...

    def after(self, request: Request) -> None:
        self._wait()


@dataclass
class Rule:
    """Which requests meet these faults: so many of a kind, after some that go unharmed."""

    kind: str
    faults: tuple[Fault, ...]
    times: float
    skip: int

    def takes(self, request: Request) -> bool:
        if not self.times or not request.is_a(self.kind):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True
