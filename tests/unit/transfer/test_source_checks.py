"""What of the source's answer contradicts the message, and what only looks as if it did."""

from typing import Any, Self

import pytest

from tests.fakes import message_for
from transfer.errors import SourceCorrupt
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders
from transfer.source_checks import check_answer

BODY = b"heron"


class Opened:
    """An answer, of which only the head matters."""

    def __init__(self, etag: str, size: int, **headers: str) -> None:
        self.etag = etag
        self.size = size
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = SourceHeaders(named)

    def read(self, limit: int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def check(message_fields: dict[str, Any], etag: str = "e", size: int = 5, **headers: str) -> None:
    message = message_for(BODY, **{"etag": "e", "size": 5, **message_fields})
    check_answer(Opened(etag, size, **headers), message)


SAME_TYPE = {
    "the same": ("application/json", "application/json"),
    "a charset in the answer": ("application/json", "application/json; charset=utf-8"),
    "a charset in the message": ("application/json; charset=utf-8", "application/json"),
    "another charset": ("text/plain; charset=utf-8", "text/plain;charset=ISO-8859-1"),
    "another order of parameters": ("a/b; c=1; d=2", "a/b; d=2; c=1"),
    "a parameter that is cut": ("text/plain;", "text/plain"),
    "space before the parameter": ("text/plain ; a=b", "text/plain"),
    "a tab before the parameter": ("text/plain", "text/plain\t; a=b"),
    "another case": ("Text/HTML", "text/html;Charset=UTF-8"),
    "no type and the default": ("binary/octet-stream", ""),
    "an empty type": ("", "application/octet-stream"),
    "the default of S3 and that of others": ("binary/octet-stream", "application/octet-stream"),
    "UTF-8, as a person writes it": ("größe/x", "größe/x".encode().decode("latin-1")),
    "UTF-8, as clients hand it on": ("größe/x".encode().decode("latin-1"),) * 2,
}


@pytest.mark.parametrize(("told", "found"), SAME_TYPE.values(), ids=SAME_TYPE)
def test_a_type_that_is_written_otherwise_is_no_contradiction(told: str, found: str) -> None:
    check({"content_type": told}, content_type=found)


def test_an_answer_without_a_type_agrees_with_the_default() -> None:
    check({"content_type": "binary/octet-stream"})


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("application/json", "application/xml"),
        ("application/json", "application/json5"),
        ("text/plain", "text/html; charset=utf-8"),
        ("image/png", "binary/octet-stream"),
        ("image/png", ""),
        ("", "image/png"),
        ("a/b", "a/b, c/d"),
    ],
)
def test_another_media_type_is_a_contradiction(told: str, found: str) -> None:
    with pytest.raises(SourceCorrupt, match="another type than ContentType says"):
        check({"content_type": told}, content_type=found)


@pytest.mark.parametrize(
    ("fields", "answer", "named"),
    [
        ({"etag": "e"}, {"etag": "E"}, "another ETag than ETag says"),
        ({"size": 5}, {"size": 4}, "another length than ContentLength says"),
        ({"size": 0}, {"size": 5}, "another length than ContentLength says"),
    ],
)
def test_etag_and_length_are_compared_exactly(
    fields: dict[str, Any], answer: dict[str, Any], named: str
) -> None:
    with pytest.raises(SourceCorrupt, match=named):
        check(fields, **answer)


PINNED = {"url": PresignedUrl("source", "a", "v1", {}, origin="o", listed=True, _text="")}


def test_another_version_than_the_pinned_one_is_a_contradiction() -> None:
    check(PINNED, x_amz_version_id="v1")
    check(PINNED)  # a server without versions
    with pytest.raises(SourceCorrupt, match="another version than VersionId says"):
        check(PINNED, x_amz_version_id="V1")


def test_what_the_message_does_not_say_is_not_compared() -> None:
    check(
        {"etag": None, "size": None, "content_type": None},
        *("x", 7),
        content_type="image/png",
        x_amz_version_id="v1",
    )
