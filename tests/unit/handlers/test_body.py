"""A body is read strictly: one meaning for one sequence of bytes, or a refusal."""

import json
from collections.abc import Mapping
from io import BytesIO

import pytest
from flask import Flask, request

from handlers.body import MAX_DEPTH, read_message_body
from handlers.errors import RequestRefused

JSON = "application/json"
FIELDS = {"Bucket": "heron-meadow", "ContentLength": 7}


def read(
    data: bytes | str, content_type: str | None = JSON, **headers: str
) -> Mapping[str, object]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with Flask("test").test_request_context(
        method="POST", data=data, content_type=content_type, headers=named
    ):
        return read_message_body(request).fields


def comparing_only(data: str) -> bool:
    with Flask("test").test_request_context(method="POST", data=data, content_type=JSON):
        return read_message_body(request).validate_only


def reason_of(data: bytes | str, content_type: str | None = JSON, **headers: str) -> str:
    with pytest.raises(RequestRefused) as refusal:
        read(data, content_type, **headers)
    return refusal.value.reason


def test_the_fields_are_in_an_input_message() -> None:
    assert read(json.dumps({"inputMessage": FIELDS, "other": 1})) == FIELDS


def test_the_bare_fields_are_taken_too() -> None:
    assert read(json.dumps(FIELDS)) == FIELDS


def test_validate_only_is_read_beside_the_message() -> None:
    assert comparing_only('{"inputMessage": {}, "validateOnly": true}')
    assert not comparing_only('{"inputMessage": {}, "validateOnly": false}')
    assert not comparing_only('{"inputMessage": {}}')
    assert not comparing_only("{}")


@pytest.mark.parametrize("value", ["null", "0", "1", '"true"', '""', "[]", "{}", "[true]"])
def test_validate_only_is_true_or_false_or_malformed(value: str) -> None:
    assert reason_of(f'{{"inputMessage": {{}}, "validateOnly": {value}}}') == "MALFORMED_BODY"


@pytest.mark.parametrize("value", ["true", "false", "null", "1"])
def test_validate_only_within_the_message_is_refused_and_not_ignored(value: str) -> None:
    """Ignored, it would land what somebody only wanted to look at."""
    assert reason_of(f'{{"Bucket": "b", "validateOnly": {value}}}') == "MALFORMED_BODY"
    assert reason_of(f'{{"inputMessage": {{"validateOnly": {value}}}}}') == "MALFORMED_BODY"


def test_an_empty_object_is_a_matter_of_the_message() -> None:
    assert read("{}") == {}
    assert read('{"inputMessage": {}}') == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json; boundary=x",
    ],
)
def test_json_in_utf_8_is_taken(content_type: str) -> None:
    assert read('{"Key": "größe/雪"}', content_type) == {"Key": "größe/雪"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/json-patch+json",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "application/jsonx",
    ],
)
def test_another_type_is_not_json(content_type: str | None) -> None:
    assert reason_of(json.dumps(FIELDS), content_type) == "NOT_JSON"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
def test_an_encoded_body_is_not_json(coding: str) -> None:
    assert reason_of(json.dumps(FIELDS), Content_Encoding=coding) == "NOT_JSON"


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "chunked, chunked", "identity"])
def test_a_body_that_is_encoded_on_its_way_is_not_json(coding: str) -> None:
    assert reason_of(json.dumps(FIELDS), Transfer_Encoding=coding) == "NOT_JSON"


def test_the_identity_is_no_encoding() -> None:
    assert read(json.dumps(FIELDS), Content_Encoding="Identity") == FIELDS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"{]",
        b"{}{}",
        b"{} x",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a" 1}',
        b"{a: 1}",
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": "\n"}',
        b'{"a": "\\x"}',
        b'{"a": "\\ud8"}',
        b'// {}\n{"a": 1}',
        b"Bucket=heron-meadow",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
        '\ufeff{"a": 1}'.encode(),
        b'{"a": "\xff"}',
        b'{"a": "\xc0\xaf"}',
        b'{"a": "\xed\xa0\x80"}',
        b"\x00",
        b'{"a": 1}\x00',
    ],
)
def test_what_is_not_json_in_utf_8_is_malformed(data: bytes) -> None:
    assert reason_of(data) == "MALFORMED_BODY"


@pytest.mark.parametrize(
    "data",
    [
        "[]",
        "null",
        "1",
        '"text"',
        "true",
        '[{"inputMessage": {}}]',
        '{"inputMessage": null}',
        '{"inputMessage": []}',
        '{"inputMessage": "{}"}',
        '{"inputMessage": 1}',
    ],
)
def test_what_is_no_object_is_malformed(data: str) -> None:
    assert reason_of(data) == "MALFORMED_BODY"


@pytest.mark.parametrize(
    "data",
    [
        '{"a": 1, "a": 1}',
        '{"a": 1, "\\u0061": 2}',
        '{"inputMessage": {"Bucket": "a", "Bucket": "b"}}',
        '{"inputMessage": {}, "inputMessage": {}}',
        '{"other": [{"a": 1, "a": 2}]}',
    ],
)
def test_a_name_twice_is_malformed(data: str) -> None:
    assert reason_of(data) == "MALFORMED_BODY"


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "9007199254740993",
        "-9007199254740993",
        "1" + 5000 * "0",
        4000 * "9",
        "-" + 4000 * "9",
    ],
)
def test_a_number_that_not_everybody_reads_alike_is_malformed(number: str) -> None:
    assert reason_of(f'{{"a": {number}}}') == "MALFORMED_BODY"
    assert reason_of(f'{{"a": [{{"b": {number}}}]}}') == "MALFORMED_BODY"


def test_a_number_of_any_length_is_refused_in_our_own_words() -> None:
    with pytest.raises(RequestRefused, match=r"over 2\^53"):
        read(f'{{"a": {5000 * "9"}}}')


def test_numbers_within_reason_are_read() -> None:
    numbers = "[0, -0, 9007199254740992, -9007199254740992, 1.5, 1e10, 0.0000001]"

    assert read(f'{{"a": {numbers}}}') == {"a": json.loads(numbers)}


def test_a_body_that_ends_early_is_malformed() -> None:
    """As gunicorn hands it over: a stream that just ends."""
    with (
        Flask("test").test_request_context(
            method="POST",
            input_stream=BytesIO(b"{}"),
            content_type=JSON,
            environ_overrides={"CONTENT_LENGTH": "3", "wsgi.input_terminated": True},
        ),
        pytest.raises(RequestRefused, match="before its Content-Length"),
    ):
        read_message_body(request)


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """An object whose brackets nest this deep."""
    return '{"a": ' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert MAX_DEPTH == 8
    assert "a" in read(nested(MAX_DEPTH))
    assert "a" in read(nested(MAX_DEPTH, '{"b":', "}"))


def test_many_brackets_that_do_not_nest_deeply_are_taken() -> None:
    assert "a" in read('{"a": [' + 20 * "[], {}, " + "1]}")
    assert "a" in read('{"a": "' + 20 * "[{" + '"}')


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1000, 9_000])
def test_deeper_nesting_is_malformed_without_parsing(depth: int) -> None:
    assert reason_of(nested(depth)) == "MALFORMED_BODY"
    assert reason_of(depth * "[") == "MALFORMED_BODY"
    assert reason_of(nested(depth, '{"b":', "}")) == "MALFORMED_BODY"
    assert reason_of('{"a": [' + 20 * "[], {}, " + nested(depth - 2) + "]}") == "MALFORMED_BODY"


@pytest.mark.parametrize(
    "text",
    ["[[[[[[[[[[", " ![[[[[[[[[[", '\\"[[[[[[[[[[', "\\\\", '\\\\\\"{{{{{{{{{{', "]]]]]]]]]]"],
)
def test_brackets_in_texts_do_not_nest(text: str) -> None:
    assert "a" in read(f'{{"a": "{text}", "b": [[]]}}')


def test_brackets_side_by_side_do_not_nest() -> None:
    assert "a" in read('{"a": [' + ",".join(20 * ["[{}]"]) + "]}")


def test_a_text_cannot_hide_brackets_from_the_count() -> None:
    assert reason_of('{"a": "\\\\", "b": ' + 9 * "[" + 9 * "]" + "}") == "MALFORMED_BODY"


def test_escapes_are_left_to_the_message() -> None:
    assert read('{"Bucket": "\\ud800", "Key": "\\u0000"}') == {"Bucket": "\ud800", "Key": "\x00"}


def test_a_refusal_does_not_repeat_the_body() -> None:
    with pytest.raises(RequestRefused) as refusal:
        read('{"inputMessage": canary}')

    assert "canary" not in str(refusal.value)
