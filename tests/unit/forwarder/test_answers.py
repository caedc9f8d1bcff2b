"""Which answers count as Landfall's: all others have landed nothing, whatever their status."""

import json
from typing import Any

import pytest

from forwarder.answers import NotUnderstood, understood

MESSAGE = {"Bucket": "heron-meadow", "ObjectKey": "a b", "ETag": '"e"'}
OBJECT: dict[str, object] = {
    "bucket": "b",
    "name": "heron-meadow/a b",
    "generation": "1",
    "size": 0,
}
SOURCE = {"bucket": "heron-meadow", "key": "a b", "etag": "e"}


def answer(status: object, /, **fields: object) -> dict[str, Any]:
    """Landfall's answer about the message; a field of `...` is left out."""
    there = status not in ("superseded", "missing")
    whole = {
        "message": status,
        "status": status,
        "object": OBJECT if there else None,
        "source": SOURCE,
        "verified": ["size"] if there else [],
        "notification": {"messageId": "1"} if there else None,
    }
    return {name: value for name, value in (whole | fields).items() if value is not ...}


def read(said: object, *, compares: bool = False) -> dict[str, Any]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return understood(body, MESSAGE, compares=compares)


@pytest.mark.parametrize("status", ["landed", "already-landed", "superseded"])
def test_a_message_is_done_with(status: str) -> None:
    assert read(answer(status)) == answer(status)


@pytest.mark.parametrize("status", ["landed", "different", "missing"])
def test_a_comparison_says(status: str) -> None:
    assert read(answer(status), compares=True) == answer(status)


def test_what_is_compared_need_not_be_announced() -> None:
    said = answer("landed", notification=None)
    assert read(said, compares=True) == said


def test_what_the_key_may_not_land_is_different_and_not_shown() -> None:
    said = answer("different", object=None, verified=[], notification=None)
    assert read(said, compares=True) == said
    with pytest.raises(NotUnderstood, match="object"):
        read(answer("landed", object=None), compares=True)
    with pytest.raises(NotUnderstood, match="object"):
        read(answer("different", object={"bucket": "b"}), compares=True)


def test_fields_of_a_later_landfall_do_not_matter() -> None:
    said = answer("landed", more={"a": 1}, object=OBJECT | {"contentType": "text/csv"})
    assert read(said) == said


OTHERS: list[object] = [
    "ok",
    "landing",
    "removed",
    "gone",
    "",
    "LANDED",
    None,
    True,
    1,
    [],
    {},
    ...,
]


@pytest.mark.parametrize("status", ["missing", "different", *OTHERS])
def test_no_other_status_is_done(status: object) -> None:
    with pytest.raises(NotUnderstood, match="none of landed, already-landed, superseded"):
        read(answer("landed", status=status))


@pytest.mark.parametrize("status", ["already-landed", "superseded", *OTHERS])
def test_no_other_status_compares(status: object) -> None:
    with pytest.raises(NotUnderstood, match="none of landed, different, missing"):
        read(answer("landed", status=status), compares=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"<html>It works!</html>",
        b"null",
        b"true",
        b'"landed"',
        b'["landed"]',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status": "ok", "status": "landed"}',
        json.dumps(answer("landed")).encode()[:-1],
        json.dumps(answer("landed")).encode() * 2,
        json.dumps(answer("landed")).replace('"key": "a b"', '"key": "c", "key": "a b"').encode(),
    ],
)
def test_what_is_no_json_object_or_says_something_twice_does_not_count(body: bytes) -> None:
    with pytest.raises(NotUnderstood, match="the body is no JSON object"):
        read(body)


def each(name: str, *values: object) -> list[tuple[str, object]]:
    return [(name, value) for value in values]


WRONG_FIELDS = [
    *each("object", None, {}, [], "there", 1),
    *each("object", *(OBJECT | {name: None} for name in OBJECT)),
    *each("object", *(OBJECT | {name: ""} for name in OBJECT)),
    *each("object", *(OBJECT | {name: 1} for name in ("bucket", "name", "generation"))),
    *each("object", *(OBJECT | {"size": size} for size in ("3", -1, 3.0, True))),
    *each("source", None, {}, [], "heron-meadow/a b"),
    *each("source", SOURCE | {"bucket": "another"}, SOURCE | {"key": "another"}),
    *each("source", {"bucket": "heron-meadow"}, {"key": "a b"}),
    *each("verified", None, {}, "size", [1], ["size", ""]),
    *each("notification", None, {}, [], {"messageId": ""}, {"messageId": 1}),
]


@pytest.mark.parametrize("status", ["landed", "already-landed"])
@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS)
def test_an_answer_with_a_wrong_field_does_not_count(status: str, name: str, value: object) -> None:
    with pytest.raises(NotUnderstood, match=f"the field {name} is not as it must be"):
        read(answer(status, **{name: value}))


@pytest.mark.parametrize("compares", [False, True])
@pytest.mark.parametrize("name", ["object", "source", "verified", "notification"])
def test_an_answer_without_a_field_does_not_count(name: str, compares: bool) -> None:
    with pytest.raises(NotUnderstood, match=f"one of .*{name}.* is missing"):
        read(answer("landed", **{name: ...}), compares=compares)


@pytest.mark.parametrize(("status", "compares"), [("superseded", False), ("missing", True)])
def test_where_nothing_is_there_no_object_is_named(status: str, compares: bool) -> None:
    with pytest.raises(NotUnderstood, match="the field object is not as it must be"):
        read(answer(status, object=OBJECT), compares=compares)


@pytest.mark.parametrize("notification", [{}, {"messageId": ""}, "1"])
def test_a_comparison_names_its_notification_or_none(notification: object) -> None:
    with pytest.raises(NotUnderstood, match="the field notification is not as it must be"):
        read(answer("different", notification=notification), compares=True)


def test_what_is_wrong_quotes_nothing() -> None:
    for said in (b"canary", answer("canary"), answer("landed", source={"bucket": "canary"})):
        with pytest.raises(NotUnderstood) as refused:
            read(said)
        assert "canary" not in str(refused.value)


SIGNED = (
    "https://heron-meadow.s3.amazonaws.com/a%20b?X-Amz-Credential=AKIACANARY%2F20260811%2Fs3"
    "&X-Amz-Date=20260811T093015Z&X-Amz-Security-Token=canaryToken%2B0&X-Amz-Signature=5d1f0e9c8b7a5d1f"
)


@pytest.mark.parametrize(
    "repeated",
    [
        "the-api-key-canary",
        "5d1f0e9c8b7a5d1f",
        "canaryToken+0",
        "canaryToken%2B0",
        "AKIACANARY/20260811/s3",
        "AKIACANARY%2F20260811%2Fs3",
        SIGNED,
        SIGNED.partition("?")[2],
    ],
)
@pytest.mark.parametrize("name", ["bucket", "name"])
def test_an_object_that_repeats_a_secret_does_not_count(name: str, repeated: str) -> None:
    said = answer("landed", object=OBJECT | {name: f"a{repeated}b"})
    with pytest.raises(NotUnderstood, match="repeats the API key or the presigned URL"):
        understood(
            json.dumps(said).encode(),
            MESSAGE | {"PresignedUrl": SIGNED},
            compares=False,
            secrets=["the-api-key-canary", "a b"],
        )


def test_a_name_may_hold_what_is_no_secret_of_the_url() -> None:
    said = answer("landed", object=OBJECT | {"name": "heron-meadow/a b.20260811T093015Z"})
    message = MESSAGE | {"PresignedUrl": SIGNED}
    body = json.dumps(said).encode()
    assert understood(body, message, compares=False, secrets=["a b"]) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("object", OBJECT | {"generation": "1 \x1b[2J"}),
        ("object", OBJECT | {"generation": "canary"}),
        ("object", OBJECT | {"generation": "1" * 21}),
        ("object", OBJECT | {"name": "a" * 1025}),
        ("notification", {"messageId": "https://x/?X-Amz-Signature=1"}),
        ("notification", {"messageId": "1\x1b[2J"}),
        ("notification", {"messageId": "1" * 65}),
    ],
)
def test_what_is_shown_to_people_has_a_known_form(name: str, value: object) -> None:
    with pytest.raises(NotUnderstood, match=f"the field {name} is not as it must be"):
        read(answer("landed", **{name: value}))


def test_only_known_proofs_are_taken_over() -> None:
    said = answer("landed", verified=["size", "canary", "crc64nvme", "a\x1b[2J"])
    assert read(said)["verified"] == ["size", "crc64nvme"]
