"""What a host said over HTTP, whoever asked it."""

from collections.abc import Mapping
from typing import Protocol


class Answer(Protocol):
    """A whole answer; names of headers are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
