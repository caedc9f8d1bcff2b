"""What a header's value means. How S3 and others encode, as reported by those who met it:

https://github.com/minio/minio/pull/21282, https://github.com/gaul/s3proxy/issues/271,
https://github.com/aws-amplify/aws-sdk-ios/issues/241, https://github.com/swiftstack/1space/pull/201
"""

import base64
import quopri
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.header_text import is_fit, text_of


def latin_1(text: str) -> str:
    """UTF-8 on the wire, as it is read."""
    return text.encode().decode("latin-1")


MEANT = {
    "plain": ("plain", "plain"),
    "nothing": ("", ""),
    "base64": ("=?UTF-8?B?WsO8cmljaA==?=", "Zürich"),
    "quoted": ("=?UTF-8?Q?Z=C3=BCrich?=", "Zürich"),
    "in lower case": ("=?utf-8?q?z=c3=bcrich?=", "zürich"),
    "a charset without its hyphen": ("=?utf8?Q?Z=C3=BCrich?=", "Zürich"),
    "spaces": ("=?UTF-8?Q?a_=20b_?=", "a  b "),
    "an underscore": ("=?UTF-8?Q?a=5Fb?=", "a_b"),
    "marks of the encoding itself": ("=?UTF-8?Q?=3D=3Fx=3F=3D?=", "=?x?="),
    "two words": ("=?UTF-8?B?6Zuq?= =?UTF-8?B?6aCt?=", "雪頭"),
    "words of both kinds": ("=?UTF-8?B?6Zuq?= =?UTF-8?Q?_x?=", "雪 x"),
    "words of several lines": ("=?UTF-8?Q?Z=C3=BC?= \t =?UTF-8?Q?rich?=", "Zürich"),
    "a character cut in two": ("=?UTF-8?Q?Z=C3?= =?UTF-8?Q?=BCrich?=", "Zürich"),
    "bytes of a character in two codes": ("=?UTF-8?B?6Zs=?= =?UTF-8?Q?=AA?=", "雪"),
    "encoded twice, quoted": ("=?UTF-8?Q?Mini=C3=83=C2=B6?=", "Miniö"),
    "encoded twice, base64": ("=?UTF-8?B?w4PCtg==?=", "ö"),
    "encoded twice, several words": ("=?UTF-8?Q?=C3=83?= =?UTF-8?Q?=C2=B6?=", "ö"),
    "encoded twice, four bytes": (
        "=?UTF-8?Q?" + quopri.encodestring(latin_1("🪶").encode()).decode() + "?=",
        "🪶",
    ),
    "beyond Latin-1, so encoded once": ("=?UTF-8?Q?=E9=9B=AA=C3=BC?=", "雪ü"),
    "Latin-1": ("=?iso-8859-1?q?Z=FCrich?=", "Zürich"),
    "Latin-1 that looks like UTF-8": ("=?ISO-8859-1?Q?=C3=B6?=", "Ã¶"),
    "ASCII": ("=?us-ascii?Q?a=20b?=", "a b"),
    "raw UTF-8": (latin_1("Zürich 雪 🪶"), "Zürich 雪 🪶"),
    "raw Latin-1": ("Z\xfcrich", "Zürich"),
    "a tab": ("=?UTF-8?Q?a=09b?=", "a\tb"),
}


@pytest.mark.parametrize(("sent", "meant"), MEANT.values(), ids=MEANT)
def test_a_value_is_decoded(sent: str, meant: str) -> None:
    assert text_of(sent) == meant


UNCHANGED = {
    "no base64": "=?UTF-8?B?!!!!?=",
    "base64 without its padding": "=?UTF-8?B?WsO8cmljaA?=",
    "base64 cut short": "=?utf-8?b?a?=",
    "base64 with more behind it": "=?utf-8?b?Zg==Zg==?=",
    "base64 that no encoder writes": "=?utf-8?b?Zh==?=",
    "base64 for URLs": "=?utf-8?b?6Zuq_-o=?=",
    "no UTF-8": "=?utf-8?q?=FF?=",
    "UTF-8 of a surrogate": "=?utf-8?q?=ED=A0=80?=",
    "UTF-8 longer than needed": "=?utf-8?q?=C0=AF?=",
    "half a character": "=?utf-8?q?=C3?=",
    "an escape cut short": "=?utf-8?q?a=C?=",
    "an escape of other digits": "=?utf-8?q?=GG?=",
    "a question mark": "=?utf-8?q?a?b?=",
    "nothing in it": "=?utf-8?q??=",
    "another encoding": "=?utf-8?x?abc?=",
    "no charset": "=???=",
    "no such charset": "=?no-such-charset?q?x?=",
    "a codec that is none of text": "=?hex?q?ff?=",
    "a charset nobody writes headers in": "=?utf-16?q?abc?=",
    "a charset that can hide surrogates": "=?utf-7?q?+2AA-?=",
    "Python's own": "=?unicode_escape?q?=5Cud800?=",
    "two charsets": "=?utf-8?q?a?= =?iso-8859-1?q?b?=",
    "ASCII that is none": "=?us-ascii?q?=C3=BC?=",
    "a line's end": "=?utf-8?q?a=0D=0AX-Evil:_1?=",
    "a NUL": "=?utf-8?q?a=00?=",
    "a control character": "=?UTF-8?Q?meta-=04?=",
    "a word in a URL": "https://x.example/?q==?utf-8?b?Zg==?=&a=1",
    "a word before text": "=?utf-8?q?a?= b",
    "a word behind text": "a =?utf-8?q?b?=",
    "words without space": "=?utf-8?q?a?==?utf-8?q?b?=",
    "a word without its end": "=?utf-8?q?a",
    "a word beside UTF-8": "=?utf-8?q?a?= \xff",
    "marks of a word": "1 =? 2",
}


@pytest.mark.parametrize("sent", UNCHANGED.values(), ids=UNCHANGED)
def test_a_value_that_only_looks_encoded_stays(sent: str) -> None:
    assert text_of(sent) == sent


ASCII = st.text(st.characters(min_codepoint=0, max_codepoint=0x7E))


@given(ASCII)
def test_no_other_value_in_ascii_is_changed(value: str) -> None:
    if not (value.startswith("=?") and value.endswith("?=")):
        assert text_of(value) == value


@given(ASCII, st.sampled_from(["=?utf-8?q?b?=", "=?UTF-8?B?Zg==?="]), ASCII)
def test_a_word_within_other_text_is_not_decoded(before: str, word: str, after: str) -> None:
    if (before + after).strip(" \t") and not (before + after).count("=?"):
        assert text_of(before + word + after) == before + word + after


def quoted(text: bytes) -> str:
    return "=?UTF-8?Q?" + "".join(f"={byte:02X}" for byte in text) + "?="


def in_base64(text: bytes) -> str:
    return f"=?UTF-8?B?{base64.b64encode(text).decode()}?="


def cut(text: bytes) -> str:
    return " ".join(in_base64(text[at : at + 5]) for at in range(0, len(text), 5))


FIT = st.text(st.characters(codec="utf-8"), min_size=1).filter(is_fit)


@given(FIT, st.sampled_from([quoted, in_base64, cut]))
def test_what_s3_encodes_comes_out(text: str, encoded: Callable[[bytes], str]) -> None:
    if text == text_of(text):  # or it looks as if S3 had taken UTF-8 for Latin-1
        assert text_of(encoded(text.encode())) == text
    assert text_of(encoded(latin_1(text).encode())) == text


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?" + 60_000 * "a",
        20_000 * "=?q",
        6_000 * "=?utf-8?q?a?= " + "b",
        "=?utf-8?q?a?=" + 60_000 * " " + "b",
        "=?" + 60_000 * "?",
    ],
    ids=["no end", "beginnings", "words", "spaces", "question marks"],
)
def test_a_long_value_is_decided_at_once(value: str) -> None:
    assert text_of(value) == value
