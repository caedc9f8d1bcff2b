"""Foreign text as it may be shown to a person: keys, names, headers, texts of exceptions.

Keys of S3 may hold line ends, escape sequences that command a terminal, and signs that reorder or
hide what stands beside them (https://cwe.mitre.org/data/definitions/117.html and 150.html,
https://trojansource.codes). The service and the forwarder each have this module: they share no
code, and a test compares the two.
"""

import io
import unicodedata

MOST_MARKS = 8
"""So many accents on one letter are shown; real writing has fewer, floods cover other lines."""
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What Unicode counts as letters, symbols and accents, but shows as nothing."""


def printable(name: str) -> str:
    """Return the text on one line: what is not a visible sign is escaped as in Python.

    Letters of all scripts, and emoji, stay as they are.
    """
    if name.isascii() and name.isprintable():
        return name
    hidden = _hidden(name)
    if not hidden:
        return name
    return "".join(_escaped(sign) if at in hidden else sign for at, sign in enumerate(name))


def printable_lines(text: str) -> str:
    """Return the text with its line ends; all lines but the first are indented.

    So a traceback stays readable, and no text can pass for another record of a log.
    """
    if text.isprintable() and text.isascii():
        return text
    return "\n  ".join(printable(line) for line in text.replace("\t", "    ").split("\n"))


def accept_any_text(*streams: object) -> None:
    """Escape what the encoding of these streams does not have, instead of failing.

    An ASCII terminal has no é, and no encoding has the halves of surrogate pairs.
    """
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _hidden(text: str) -> frozenset[int]:
    """Return the positions of what cannot be seen, and of accents beyond `MOST_MARKS`."""
    found, marks = [], 0
    for at, sign in enumerate(text):
        is_mark = sign > "\u02ff" and unicodedata.category(sign) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        if marks > MOST_MARKS or sign in BLANK or not sign.isprintable():
            found.append(at)
    return frozenset(found)


def _escaped(sign: str) -> str:
    """Return `\\n`, `\\x1b`, `\\u202e`."""
    code = ord(sign)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else ascii(sign)[1:-1]
