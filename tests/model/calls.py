"""What passes between a worker and the world: calls of the ports, and their answers.

All of it is plain, comparable values, because a worker is known by the answers it has got.
"""

from typing import NamedTuple

from transfer.store import Token


class Seen(NamedTuple):
    """What a store tells of an object."""

    generation: int
    metageneration: int
    version: str
    """Of the source, as a letter: a small one of a bucket of the same name elsewhere, none if a
    stranger put the object there.
    """
    notified: bool
    whole: bool = True
    """Whether its bytes have the checksum in its record."""


class Opened(NamedTuple):
    """What a source answers: the bytes of one write, counted from 1."""

    write: int
    breaks: bool = False
    """Whether they break off in the middle."""


class Done(NamedTuple):
    """The call succeeded, and there is nothing to tell."""


class Persisted(NamedTuple):
    """So many bytes of an upload are kept."""

    end: int


class Raised(NamedTuple):
    """What the port raises instead of an answer."""

    name: str


Answer = Seen | Opened | Done | Persisted | Raised | None
History = tuple[Answer, ...]


class Stat(NamedTuple):
    """Step 1, and the look behind a 412."""


class Open(NamedTuple):
    version: str | None
    """That the source must still have."""


class Create(NamedTuple):
    token: Token


class Send(NamedTuple):
    end: int


class AskPersisted(NamedTuple):
    pass


class Finish(NamedTuple):
    token: Token
    version: str
    """That the object's record tells."""
    write: int
    """That the bytes are of, or 0 if they are not of one."""


class Publish(NamedTuple):
    generation: int
    version: str


class Patch(NamedTuple):
    token: Token
    told: int
    """The generation whose notification the mark names."""


Call = Stat | Open | Create | Send | AskPersisted | Finish | Publish | Patch


class Ended(NamedTuple):
    """The worker answered its message: `landed` and so on, or a failure that asks for it again."""

    status: str | None
    version: str = ""
    generation: int = 0


class RoundOver(NamedTuple):
    """The worker starts again at step 1 and keeps nothing of this round."""


Step = Call | Ended | RoundOver


class Violation(Exception):
    """Something happened that the protocol promises never to let happen."""
