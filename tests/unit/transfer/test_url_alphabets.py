"""Presigned URLs, character by character and limit by limit."""

import string
from urllib.parse import quote

import pytest

from tests.unit.transfer.urls import BUCKET, HOST, KEY, PATH, V2, V4, query, url
from transfer.errors import UrlRefused
from transfer.presigned_url import MAX_LENGTH, parse_presigned_url
from transfer.url_signature import MAX_EXPIRES_SECONDS, check_signature

ASCII = [chr(code) for code in range(128)]
LETTERS, DIGITS, HEX = string.ascii_letters, string.digits, string.digits + "abcdef"
VISIBLE = {c for c in ASCII if "!" <= c <= "~"}


def is_taken(text: str, key: str = KEY) -> bool:
    try:
        parse_presigned_url(text, BUCKET, key, None, set())
    except UrlRefused:
        return False
    return True


def takes(base: dict[str, str], name: str, value: str) -> bool:
    """Whether a parameter may have this value, written with escapes."""
    try:
        check_signature(query(base, **{name: quote(value, safe="")}), None)
    except UrlRefused:
        return False
    return True


def test_a_path_takes_what_rfc_3986_allows_unescaped() -> None:
    allowed = set(LETTERS + DIGITS + "-._~!$&()*,;=:@/")

    # But for a plus, which not all servers read alike.
    # A question mark would begin the query, and a per cent sign an escape.
    assert {
        c for c in ASCII if c not in "?%" and is_taken(url(path=f"/a{c}b"), f"a{c}b")
    } == allowed


def test_a_query_takes_the_same_and_question_marks() -> None:
    def taken(c: str) -> bool:
        return is_taken(url(text=query(X_Amz_Security_Token=f"a{c}b")))

    # An ampersand ends a parameter here, and what follows it is none.
    assert {c for c in ASCII if taken(c)} == set(LETTERS + DIGITS + "-._~!$()*+,;=:@/?")


def test_an_escape_is_two_capital_hex_digits() -> None:
    capitals = set(DIGITS + "ABCDEF")

    assert {
        c
        for c in ASCII
        if is_taken(url(path=f"/%4{c}"), chr(0x40 + int(c, 16)) if c in HEX + "ABCDEF" else "")
    } == capitals
    assert {
        c
        for c in ASCII
        if c in HEX + "ABCDEF" and is_taken(url(path=f"/%{c}1"), chr(int(f"{c}1", 16)))
    } == set("01234567")
    assert not any(is_taken(url(path=f"/%{c}1"), key) for c in "/:@G`g" for key in (f"%{c}1", "1"))
    assert not is_taken(url(path="/%4"), "%4")
    assert not is_taken(url(path="/%"), "%")


@pytest.mark.parametrize("at", range(len("https://")))
def test_the_scheme_is_as_it_is(at: int) -> None:
    good = url()

    assert not is_taken(f"{good[:at]}q{good[at + 1 :]}")


def test_the_port_is_443_to_the_digit() -> None:
    assert is_taken(url(f"https://{HOST}:443"))
    assert not any(
        is_taken(url(f"https://{HOST}{port}")) for port in (":4q3", "q443", ":44", "443")
    )


def test_a_url_has_a_slash_and_a_question_mark_and_something_behind_it() -> None:
    assert not any(
        is_taken(text)
        for text in (
            f"https://{HOST}q{PATH[1:]}?{query()}",
            f"https://{HOST}{PATH}q{query()}",
            f"https://{HOST}{PATH}{query()}",
            f"https://{HOST}{PATH}?",
        )
    )


def test_a_path_without_a_key_is_refused_even_if_none_is_asked_for() -> None:
    assert not is_taken(url("https://s3.amazonaws.com", f"/{BUCKET}"), "")


def test_the_longest_url_is_8192_characters() -> None:
    room = 8192 - len(url(text=query(X_Amz_Security_Token="")))

    assert MAX_LENGTH == 8192
    assert is_taken(url(text=query(X_Amz_Security_Token="t" * room)))
    assert not is_taken(url(text=query(X_Amz_Security_Token="t" * (room + 1))))


ALPHABETS = [
    (V4, "X-Amz-Signature", "{}" + 63 * "0", set(HEX)),
    (V4, "X-Amz-Credential", "A/{}0260811/eu-west-2/s3/aws4_request", set(DIGITS)),
    (
        V4,
        "X-Amz-Credential",
        "{}/20260811/eu-west-2/s3/aws4_request",
        set(ASCII) - {"/", "\n"} | {"\n"},
    ),
    (
        V4,
        "X-Amz-Credential",
        "A/20260811/{}/s3/aws4_request",
        set(string.ascii_lowercase + DIGITS + "-"),
    ),
    (V4, "X-Amz-Date", "{}0260811T093015Z", set(DIGITS)),
    (V4, "X-Amz-Date", "20260811T{}93015Z", set(DIGITS)),
    (V4, "X-Amz-Expires", "{}", set("123456789")),
    (V4, "X-Amz-Expires", "1{}", set(DIGITS)),
    (V4, "X-Amz-Security-Token", "{}", VISIBLE),
    (V4, "versionId", "{}", VISIBLE),
    (V2, "AWSAccessKeyId", "AK{}A", VISIBLE - {"/"}),
    (V2, "Expires", "178644061{}", set(DIGITS)),
    (V2, "Signature", "{}" + 26 * "A" + "=", set(LETTERS + DIGITS + "+/")),
    (V2, "x-amz-security-token", "{}", VISIBLE),
]


@pytest.mark.parametrize(("base", "name", "template", "allowed"), ALPHABETS)
def test_a_value_is_of_its_alphabet(
    base: dict[str, str], name: str, template: str, allowed: set[str]
) -> None:
    assert {c for c in ASCII if takes(base, name, template.format(c))} == allowed


LENGTHS = [
    (V4, "X-Amz-Credential", "{}/20260811/eu-west-2/s3/aws4_request", 1, 128),
    (V4, "X-Amz-Credential", "A/2026081{}/eu-west-2/s3/aws4_request", 1, 1),
    (V4, "X-Amz-Credential", "A/20260811/{}/s3/aws4_request", 1, 64),
    (V4, "X-Amz-Date", "2026081{}T093015Z", 1, 1),
    (V4, "X-Amz-Date", "20260811T09301{}Z", 1, 1),
    (V4, "X-Amz-Signature", "{}", 64, 64),
    (V4, "X-Amz-Security-Token", "{}", 1, 8192),
    (V4, "versionId", "{}", 1, 1024),
    (V2, "AWSAccessKeyId", "{}", 3, 128),
    (V2, "Expires", "{}", 10, 10),
    (V2, "Signature", "{}=", 27, 27),
    (V2, "x-amz-security-token", "{}", 1, 8192),
]


@pytest.mark.parametrize(("base", "name", "template", "least", "most"), LENGTHS)
def test_a_value_is_of_its_length(
    base: dict[str, str], name: str, template: str, least: int, most: int
) -> None:
    taken = {
        n for n in (least - 1, least, most, most + 1) if takes(base, name, template.format(n * "1"))
    }

    assert taken == {least, most}


WORDS = [
    (V4, "X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
    (V4, "X-Amz-SignedHeaders", "host"),
    (V4, "X-Amz-SignedHeaders", "host;x-amz-checksum-mode"),
    (V4, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    (V4, "x-amz-checksum-mode", "ENABLED"),
    (V4, "x-id", "GetObject"),
    (V2, "x-id", "GetObject"),
]


@pytest.mark.parametrize(("base", "name", "word"), WORDS)
def test_a_word_is_as_it_is(base: dict[str, str], name: str, word: str) -> None:
    bent = [f"{word[:at]}q{word[at + 1 :]}" for at in range(len(word))]

    assert takes(base, name, word)
    assert [
        value for value in [*bent, word + word, f"{word};{word}"] if takes(base, name, value)
    ] == []


@pytest.mark.parametrize(
    "value",
    [
        "A/20260811q/eu-west-2/s3/aws4_request",
        "A20260811/eu-west-2/s3/aws4_request",
        "Aq20260811/eu-west-2/s3/aws4_request",
        "A/20260811qeu-west-2/s3/aws4_request",
        "A/20260811/eu-west-2qs3/aws4_request",
        "A/20260811/eu-west-2/q3/aws4_request",
        "A/20260811/eu-west-2/s3qaws4_request",
        "A/20260811/eu-west-2/s3/aws4_requesq",
        "A/20260811/eu-west-2/s3/aws4qrequest",
        "A/B/20260811/eu-west-2/s3/aws4_request",
    ],
)
def test_a_scope_has_its_parts_and_no_others(value: str) -> None:
    assert takes(V4, "X-Amz-Credential", "A/20260811/eu-west-2/s3/aws4_request")
    assert not takes(V4, "X-Amz-Credential", value)


def test_a_date_has_its_letters() -> None:
    assert not takes(V4, "X-Amz-Date", "20260811q093015Z")
    assert not takes(V4, "X-Amz-Date", "20260811T093015q")


def test_a_url_lives_a_week_at_most() -> None:
    assert MAX_EXPIRES_SECONDS == 604_800
    assert takes(V4, "X-Amz-Expires", "604800")
    assert not any(
        takes(V4, "X-Amz-Expires", n) for n in ("604801", "999999", "0604800", "1000000")
    )


def test_a_parameter_ends_its_name_at_the_first_equals_sign() -> None:
    assert is_taken(url(text=query(X_Amz_Security_Token="a=b==")))


def test_a_parameter_without_a_value_is_told_as_such() -> None:
    with pytest.raises(UrlRefused, match="name=value"):
        check_signature(f"{query()}&acl", None)


def test_a_value_that_is_not_utf_8_is_told_as_such() -> None:
    with pytest.raises(UrlRefused, match="not UTF-8"):
        check_signature(query(versionId="%FF"), None)
