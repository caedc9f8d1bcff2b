"""What must never be written down, taken out of log records: the last net, not the first.

Code that holds a secret does not log it. This catches what a library, or a mistake, would: such
as https://github.com/boto/botocore/issues/2626 and https://github.com/flyteorg/flyte-sdk/pull/1339.
It does not parse: a secret's name is looked for wherever it stands, then whatever libraries put
between a name and its value, then the value up to the end of its word, of its quotes or, where
values have spaces, of its line. More may be taken than the secret.
"""

import logging
import re

from transfer.printable import printable_lines

MARK = "[redacted]"

# What stands between a name and its value, also in the middle of JSON, of HTML and of URLs, and as
# libraries show bytes, pairs, lists and gRPC's metadata. In lower case, and never given back, so
# that the time stays linear.
_FILLER = r"""(?:
    \\(?:[rnt]|u00(?:0[ad]|2[0267])|x(?:0[ad]|2[027]))
  | \\(?!u003|x3)
  | [\s"'\[({<]
  | &(?:quot|apos|lt|\#34|\#39|\#x2[27]);
  | %(?:25)*(?:0[9ad]|2[0278b]|5b|7b)
)*+"""
_MEANS = r"""(?:
    -?[=:>]+ | %(?:25)*3[ad] | \\(?:u003[ade]|x3[ade]) | &(?:\#61|\#58|\#x3[ad]|gt);
  | (?<=["';\\])\s*,
)"""
_TO_VALUE = rf"""(?>
    {_FILLER}{_MEANS}{_FILLER}(?:value['\"]?\s*[=:]\s*)?(?:b(?=\\*['\"]))?{_FILLER}
)"""
_NOT_YET = r"(?!redacted\])"
_QUOTED = r"""(?<=")(?:\\.|[^"\\\r\n])++ | (?<=')(?:\\.|[^'\\\r\n])++"""

_SENTENCE = r"(?!:\ (?!bearer|basic)[a-z']{1,10},?\ [a-z])"  # of ours: "The signature: sign again"

# Values of many words go to the end of the line.
_OF_LINES = r"authorization|cookie2?"
_OF_WORDS = rf"""
    passw(?:or)?d|passphrase|upload[-_]?id
  | (?:
        signature(?:provided)?|credential|googleaccessid|token(?:-\d+)?|assertion
      | client[-_]?secret|access[-_]?key(?:[-_]?id)?
      | (?:api[-_\s]?|secret[-_]?|private[-_]?|customer[-_]|goog[-_]encryption[-_])key
    ){_SENTENCE}
  | (?:[?&;]|\\(?:u0026|x26)|%(?:25)*(?:3f|26|3b))(?:key|sig)(?=[=%\\&])
"""
_NAMED = re.compile(
    rf"""
    (?:{_OF_LINES}){_TO_VALUE}{_NOT_YET}(?P<line>{_QUOTED}|[^\r\n]++)
  | (?:{_OF_WORDS}){_TO_VALUE}{_NOT_YET}(?P<word>{_QUOTED}|[^&\s"'<>,;)}}\]]++)
    """,
    re.VERBOSE,
)
_NAMES = (
    "key", "sig", "token", "auth", "cred", "cookie", "upload", "accessid", "passw", "passphrase",
    "client", "assertion",
)  # fmt: skip
"""A text without any of these has no name of a secret."""

# What shows by itself that it is one: access keys and session tokens of AWS, keys and tokens of
# Google, JWTs, what comes with a scheme of HTTP. What begins as one is taken as far as it goes: to
# look again within it would make the time quadratic.
_KNOWN = re.compile(
    r"""
    (?:\b|(?<=\\[nrt]))(?:
        (?:AKIA|ASIA|AROA|GOOG)[A-Z0-9]{12,}+(?::[\w+/=-]++|\w*+)
      | (?:IQoJ|FwoG|FQoG|AQoD)[\w+/=%-]{40,}+
      | ya29\.[\w.-]++
      | AIza[\w-]{20,}+
      | eyJ[\w-]{8,}+(?:\.[\w-]++(?:\.[\w-]*+)?)?
    )
  | (?<=\b[Bb]earer\s)[\w.~+/=-]{12,}+
  | (?<=\b[Bb]asic\s)[\w+/=-]{12,}+
    """,
    re.VERBOSE | re.ASCII,
)
_STARTS = (
    "AKIA", "ASIA", "AROA", "GOOG", "IQoJ", "FwoG", "FQoG", "AQoD", "ya29.", "AIza", "eyJ",
    "earer ", "asic ",
)  # fmt: skip
_USER = re.compile(r"""(?<=://)(?!\[redacted\]@)[^\s/?\#"'<>@]++(?=@)""")
_MARKS = re.compile(r"[=:>,;%&\\]")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


def redact(text: str) -> str:
    """Return the text with values of signatures, keys, tokens and upload sessions blotted out.

    The time grows with the length of the text, whatever it holds. A second time changes nothing.
    """
    if len(text) < 16 and not _MARKS.search(text):  # a status, a count, a word
        return text
    lowered = _lowered(text)
    if "private key-----" in lowered:
        text = _PEM.sub(MARK, text)
        lowered = _lowered(text)
    if any(map(lowered.__contains__, _NAMES)):  # most texts have none
        text = _without_named(text, lowered)
    if any(map(text.__contains__, _STARTS)):
        text = _KNOWN.sub(MARK, text)
    if "@" in text:
        text = _USER.sub(MARK, text)
    return text


def _without_named(text: str, lowered: str) -> str:
    kept: list[str] = []
    end = 0
    for found in _NAMED.finditer(lowered):
        kept += [text[end : found.start(found.lastgroup or 0)], MARK]
        end = found.end()
    return "".join([*kept, text[end:]])


def _lowered(text: str) -> str:
    """Return the text in lower case, and as long as it was: `lower` makes two signs of an İ."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


class RedactingFormatter(logging.Formatter):
    """Redacts whole records: message, arguments, exception and stack alike.

    What is left cannot command a terminal, nor pass for another record.
    """

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(self.redacted(record))

    def redacted(self, record: logging.LogRecord) -> str:
        """Return the record as the format has it, with its line ends.

        A record whose arguments do not fit its text would otherwise be written to stderr by
        `logging` itself, with its arguments as they are.
        """
        try:
            text = super().format(record)
        except Exception as error:  # noqa: BLE001 - whatever the arguments' own methods raise
            where = f"{record.pathname}:{record.lineno}"
            told = f"The log record of {where} cannot be formatted ({type(error).__name__})."
            fields = {**record.__dict__, "msg": told, "args": None}
            text = super().format(logging.makeLogRecord(fields))
        return redact(text)
