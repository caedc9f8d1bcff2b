"""A request's query, read strictly: one meaning for one sequence of bytes."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from flask import Request

from handlers.errors import RequestRefused


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """Return names and values in their order.

    Raises:
        RequestRefused: It is not UTF-8, so that it would name something else than was meant.
    """
    try:
        query = request.query_string.decode()
        return parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise RequestRefused("MALFORMED_BODY", "The query is not UTF-8.") from None


def read_query(request: Request) -> Mapping[str, str]:
    """Return the values by name.

    Raises:
        RequestRefused: As above, or one name comes twice.
    """
    pairs = query_pairs(request)
    query = dict(pairs)
    if len(query) < len(pairs):
        raise RequestRefused("INVALID_MESSAGE", "The query has one name twice.")
    return query
