"""Foreign text on a terminal: readable in all scripts, and never a command to it.

The inputs are those of https://github.com/rsyslog/rsyslog/issues/1138 (moving the cursor),
https://github.com/precizer/precizer/pull/123 (C1 controls), https://trojansource.codes (order of
signs) and https://nvd.nist.gov/vuln/detail/CVE-2021-42574.
"""

import io
import time
import unicodedata
from pathlib import Path

import pytest

from transfer.printable import accept_any_text, printable, printable_lines

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "reports/2026/heron (1).jpg",
        "héron.txt",
        "cafe\u0301.txt",
        "日本語/写真.jpg",
        "か\u3099.txt",
        "خريطة.pdf",
        "שָׁלוֹם.txt",
        "नमस्ते.txt",
        "ภาษาไทย.txt",
        "😀❤\ufe0f.png",
        "a\\b\\n%0A.txt",
        "'quoted' \"name\"",
    ],
)
def test_names_of_all_scripts_stay(name: str) -> None:
    assert printable(name) == name
    assert printable_lines(name) == name


@pytest.mark.parametrize(
    ("sign", "shown"),
    [
        ("\x00", r"\x00"),
        ("\t", r"\t"),
        ("\n", r"\n"),
        ("\r", r"\r"),
        ("\x1b[2A", r"\x1b[2A"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b]52;c;cm0=\x1b\\", r"\x1b]52;c;cm0=\x1b" + "\\"),
        ("\x7f", r"\x7f"),
        ("\x85", r"\x85"),
        ("\x90", r"\x90"),
        ("\x9b2J", r"\x9b2J"),
        ("\xad", r"\xad"),
        ("\u061c", r"\u061c"),
        ("\u200b", r"\u200b"),
        ("\u200d", r"\u200d"),
        ("\u200e", r"\u200e"),
        ("\u2028", r"\u2028"),
        ("\u2029", r"\u2029"),
        ("\u202e", r"\u202e"),
        ("\u2066", r"\u2066"),
        ("\ufeff", r"\ufeff"),
        ("\ufffe", r"\ufffe"),
        ("\ud800", r"\ud800"),
        ("\u3164", r"\u3164"),
        ("\u2800", r"\u2800"),
        ("\U000e0041", r"\U000e0041"),
        ("e" + "\u20dd" * 9, "e" + "\u20dd" * 8 + r"\u20dd"),
        ("\uffff", r"\uffff"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 8 + r"\u0301"),
    ],
)
def test_what_cannot_be_seen_is_escaped_and_the_rest_stays(sign: str, shown: str) -> None:
    assert printable(f"日本{sign}.txt") == f"日本{shown}.txt"
    assert printable(f"a{sign}b") == f"a{shown}b"


def test_whatever_comes_is_one_line_of_signs_that_can_be_seen() -> None:
    blocks = [(0, 0x3200), (0xD7F0, 0x10100), (0x1F300, 0x1F700), (0xE0000, 0xE0200)]
    every = "".join(chr(code) for first, end in blocks for code in range(first, end))

    shown = printable(every)

    assert shown.isprintable()
    assert printable(shown) == shown
    assert not {unicodedata.category(sign)[0] for sign in shown} & {"C"}
    assert shown.encode()


def test_lines_stay_but_only_the_first_stands_at_the_margin() -> None:
    text = "Error: a\n\tat b\n2026-08-11 INFO forged\r\u2028c"

    assert printable_lines(text).split("\n") == [
        "Error: a",
        "      at b",
        r"  2026-08-11 INFO forged\r\u2028c",
    ]


@pytest.mark.parametrize("piece", ["a", "\n", "é", "\u0301", "\x1b[", "\ud800", "e\u0301"])
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    printable_lines(piece * (128 * 1024 // len(piece)))
    assert time.process_time() - began < 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_no_text_is_too_much_for_a_stream(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    accept_any_text(stream, io.StringIO())

    stream.write("héron 日本 \ud800")
    stream.flush()

    assert b"\\ud800" in stream.buffer.getvalue()


def test_the_forwarder_shows_text_in_the_same_way() -> None:
    service, forwarder = (ROOT / room / "printable.py" for room in ("transfer", "forwarder"))

    assert forwarder.read_text() == service.read_text()


@pytest.mark.parametrize("text", ["a\x1b[2J", "a\rb", "a\x07\n  b"])
def test_commands_in_plain_ascii_lines_are_escaped_too(text: str) -> None:
    assert printable_lines(text) == text.translate({27: r"\x1b", 13: r"\r", 7: r"\x07", 10: "\n  "})


@pytest.mark.parametrize("sign", "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
def test_each_letter_that_looks_like_nothing_is_escaped(sign: str) -> None:
    assert printable(f"a{sign}b") == f"a\\u{ord(sign):04x}b"


def test_accents_at_the_start_are_counted_from_the_first() -> None:
    assert printable("\u0301" * 9) == "\u0301" * 8 + r"\u0301"
