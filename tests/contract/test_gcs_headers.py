"""What goes beside the bytes comes back as it was sent, or the object lands without it."""

import logging
import math
from dataclasses import replace
from typing import Any

import pytest

from adapters.gcs_resources import ANY_BYTES
from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, content_of, land
from transfer.store import ABSENT, STEP, ObjectHeaders, StoredObject

WAYS = ["small", "session", "compose"]
TYPES = {
    "with a charset": "text/html; charset=UTF-8",
    "with quotes": 'multipart/mixed; boundary="a b"',
    "in upper case": "IMAGE/PNG",
    "several": "text/plain, text/plain",
    "without a slash": "jpeg",
    "two spaces": "text/plain;  charset=utf-8",
    "an empty parameter": "text/plain;",
    "long": "a/" + "b" * 1022,
}
UNFIT_TYPES = {
    "beyond ASCII": "text/größe",
    "with a tab": "text/plain;\tcharset=utf-8",
    "with a line break": "text/plain\r\nX-Other: 1",
    "with a space around": " text/plain ",
    "only a space": " ",
    "with a NUL": "text/\0",
    "too long": "a/" + "b" * 1023,
}
FIELDS = [
    "cache_control",
    "content_disposition",
    "content_language",
    "content_encoding",
]


def with_field(field: str, value: str | None) -> ObjectHeaders:
    changes: dict[str, Any] = {field: value}
    return replace(HEADERS, **changes)


def put(store: GcsStore, way: str, headers: ObjectHeaders) -> StoredObject:
    """Create an object in each of the three ways that there are."""
    if way == "small":
        return land(store, "name", b"small", headers=headers)
    if way == "session":
        return land(store, "name", content_of(STEP + 1), headers=headers)
    part = land(store, "part", b"part")
    return store.compose("name", [part], headers, ABSENT, math.inf)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content_type", TYPES.values(), ids=TYPES)
def test_a_type_that_fits_into_a_header_comes_back(
    gcs: GcsStore, way: str, content_type: str
) -> None:
    landed = put(gcs, way, ObjectHeaders(content_type=content_type))

    assert landed.headers.content_type == content_type
    assert gcs.stat("name") == landed


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content_type", UNFIT_TYPES.values(), ids=UNFIT_TYPES)
def test_a_type_that_does_not_is_any_bytes_and_the_log_names_it(
    gcs: GcsStore, way: str, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "landfall.store"):
        landed = put(gcs, way, ObjectHeaders(content_type=content_type))

    assert landed.headers.content_type == ANY_BYTES
    assert caplog.messages == ["The object 'name' lands without its contentType: it does not fit."]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content_type", ["", None])
def test_no_type_is_any_bytes_in_silence(
    gcs: GcsStore, way: str, content_type: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "landfall.store"):
        landed = put(gcs, way, ObjectHeaders(content_type=content_type))

    assert landed.headers.content_type == ANY_BYTES
    assert not caplog.messages


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", ["größe; ☃ 😀", "plain", "a=\"b\", c='d'; %C3%A4", "x" * 100])
@pytest.mark.parametrize("field", FIELDS)
def test_every_other_field_comes_back(gcs: GcsStore, way: str, field: str, value: str) -> None:
    headers = with_field(field, value)

    assert put(gcs, way, headers).headers == headers


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_field_is_none(gcs: GcsStore, way: str, field: str) -> None:
    landed = put(gcs, way, with_field(field, ""))

    assert landed.headers == with_field(field, None)


@pytest.mark.parametrize("way", WAYS)
def test_a_list_of_languages_that_is_too_long_is_left_out(gcs: GcsStore, way: str) -> None:
    landed = put(gcs, way, replace(HEADERS, content_language="de, " * 25 + "e"))

    assert landed.headers == replace(HEADERS, content_language=None)


@pytest.mark.parametrize("way", WAYS)
def test_metadata_comes_back(gcs: GcsStore, way: str) -> None:
    metadata = {"größe": "☃ 😀", "a": "", " b ": " c ", "tab": "a\tb", "quotes": '"\\'}

    assert put(gcs, way, ObjectHeaders(metadata=metadata)).metadata == metadata


ENTRIES = {
    "without a name": ("", "x"),
    "of a long name": ("n" * 1025, "x"),
    "of a long name beyond ASCII": ("ä" * 513, "x"),
    "of a long value": ("a", "x" * 4097),
    "of a long value beyond ASCII": ("a", "☃" * 1366),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_is_too_much_is_left_out_and_the_log_names_it(
    gcs: GcsStore, way: str, entry: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    name, value = entry
    most = {"n" * 1024: "x", "b": "x" * 4096}

    with caplog.at_level(logging.WARNING, "landfall.store"):
        landed = put(gcs, way, ObjectHeaders(metadata={name: value, **most}))

    assert landed.metadata == most
    assert len(caplog.messages) == 1
    assert f"metadata {name[:100]!a}" in caplog.text
