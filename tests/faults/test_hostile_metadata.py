"""Step 4: metadata that is made to keep a decoder busy. The object lands, and others are served.

A decoder that is quadratic took 3 s for one header of 64 KiB, in which no other thread could run:
https://github.com/python/cpython/issues/136063, https://github.com/golang/go/issues/79217
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.faults.rig import KEY, Rig
from tests.faults.test_source_headers import stored_entries

BODY = b"heron"
PREFIX = "x-amz-meta-"
LONG = 60_000
SLOWEST_HEALTH_SECONDS = 1.0

LONG_VALUES = {
    "words without an end": "=?a?q?b",
    "words of no charset": "=?x?y?",
    "words": "=?utf-8?q?=C3?= ",
    "words that cannot be decoded": "=?utf-8?b?!!!?= ",
    "words without space": "=?utf-8?q?a?=",
    "spaces": " ",
    "tabs": "\t",
    "equals signs": "=",
    "question marks": "?",
    "percent signs": "%",
    "beginnings": "=?",
    "commas": ",",
}
ODD_VALUES = {
    "raw UTF-8 in a charset": "=?\xc3\xa9?q?abc?=",
    "raw Latin-1 in a charset": "=?\xe9?q?abc?=",
    "a surrogate in UTF-8": "=?utf-8?q?=ED=A0=80?=",
    "bytes of a surrogate": "\xed\xa0\x80",
    "an unknown charset": "=?heron?q?abc?=",
    "a charset of a kilobyte": f"=?{1024 * 'a'}?q?abc?=",
    "an unknown encoding": "=?utf-8?x?abc?=",
    "no base64": "=?utf-8?b?!!!!?=",
    "base64 cut short": "=?utf-8?b?a?=",
    "zlib": "=?zlib?b?eJxLTEpOAQAD2AGL?=",
    "idna": "=?idna?q?xn--tda?=",
    "punycode": "=?punycode?q?tda?=",
    "unicode_escape": "=?unicode_escape?q?=5Cud800?=",
    "rot13": "=?rot13?q?abc?=",
    "utf-7": "=?utf-7?q?+2AA-?=",
}


@contextmanager
def health_asked(rig: Rig) -> Iterator[list[float]]:
    """Ask for the service's health again and again; the list holds how long each answer took."""
    stop = threading.Event()
    times: list[float] = []

    def ask() -> None:
        while not stop.wait(0.01):
            began = time.monotonic()
            with closing(http.client.HTTPConnection("127.0.0.1", rig.port, timeout=60)) as client:
                client.request("GET", "/healthz")
                assert client.getresponse().status == 200
            times.append(time.monotonic() - began)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield times
    finally:
        stop.set()
        asking.join(60)


def land(rig: Rig, said: dict[str, str | None]) -> dict[str, str]:
    """Return the metadata that the object landed with."""
    rig.s3.put(KEY, BODY, **{f"{PREFIX}kept": "yes"}, **said)
    with health_asked(rig) as times:
        assert rig.send().outcome == (200, "landed")

    assert max(times, default=0.0) < SLOWEST_HEALTH_SECONDS
    return stored_entries(rig)


@pytest.mark.row("21b")
@pytest.mark.parametrize("word", LONG_VALUES.values(), ids=LONG_VALUES)
def test_long_values_cost_themselves_alone(in_directory: Rig, word: str) -> None:
    value = LONG // len(word) * word + "x"

    kept = land(in_directory, {f"{PREFIX}a": value, f"{PREFIX}b": f"x{value}"})

    assert {name: text for name, text in kept.items() if text != "x"} == {"kept": "yes"}


@pytest.mark.row("21b")
@pytest.mark.parametrize("word", ["=?a?q?b", "=?utf-8?q?a?=", " "])
def test_a_value_of_many_lines_costs_itself_alone(in_directory: Rig, word: str) -> None:
    lines = "\r\n ".join(12 * [8000 // len(word) * word])

    kept = land(in_directory, {f"{PREFIX}a": f"x{lines}x"})

    assert kept == {"kept": "yes"} | ({"a": f"x{11 * ' '}x"} if word == " " else {})


@pytest.mark.row("21b")
def test_values_that_only_look_encoded_stay_as_they_are(in_directory: Rig) -> None:
    said = {f"{PREFIX}{number:02}": value for number, value in enumerate(ODD_VALUES.values())}

    kept = land(in_directory, dict(said))

    assert kept.pop("kept") == "yes"
    assert list(kept.values()) == [mended(value) for value in ODD_VALUES.values()]


def mended(value: str) -> str:
    """Raw UTF-8 is text, whatever it stands in."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


@pytest.mark.row("21b")
def test_more_metadata_than_s3_can_send_is_refused_with_a_reason(in_directory: Rig) -> None:
    """S3 takes 2 KB of it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    said: dict[str, str | None] = {f"{PREFIX}{n}": LONG // 7 * "=?a?q?b" for n in range(8)}
    in_directory.s3.put(KEY, BODY, **said)
    with health_asked(in_directory) as times:
        assert in_directory.send().outcome == (503, "SOURCE_CORRUPT")

    assert max(times, default=0.0) < SLOWEST_HEALTH_SECONDS
    in_directory.assert_nothing_happened()
