"""The text that a header's value means: HTTP carries bytes, and S3 encodes what is not ASCII.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
https://www.rfc-editor.org/rfc/rfc2047#section-2
"""

import base64
import binascii
import re

_WORD = re.compile(r"=\?([A-Za-z0-9-]{1,16})\?([BbQq])\?([!->@-~]+)\?=")
_SPACE = re.compile(r"[ \t]+")
_Q = re.compile(r"(?:[!-<>@-~]|=[0-9A-Fa-f]{2})+")
_Q_ESCAPE = re.compile(rb"=(..)", re.DOTALL)
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "latin-1", "us-ascii": "ascii"}
_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def text_of(value: str) -> str:
    """Return what this value, read as Latin-1, means.

    Only a value that is encoded words from its beginning to its end is decoded: a part of it that
    looks like one may be part of a URL. What cannot be decoded, or would give characters that no
    header holds, stays as it is.
    """
    decoded = _decoded(value) if value.startswith("=?") else None
    return _mended(value) if decoded is None or not is_fit(decoded) else decoded


def is_fit(text: str) -> bool:
    """Whether it is free of control characters, but for tabs, as a header's value must be."""
    return not _UNFIT.search(text)


def _decoded(value: str) -> str | None:
    words = [_WORD.fullmatch(word) for word in _SPACE.split(value)]
    if not all(words):
        return None
    charsets = {_CHARSETS.get(word[1].lower()) for word in words if word}
    charset = charsets.pop()
    if charsets or charset is None:
        return None
    try:
        # Joined before they are decoded: some encoders cut in the middle of a character.
        data = b"".join(_bytes_of(word[2], word[3]) for word in words if word)
        text = data.decode(charset)
    except ValueError:
        return None
    # S3 takes UTF-8 that it was sent for Latin-1, and encodes each of its bytes as a character.
    # https://github.com/minio/minio/pull/21282
    return _mended(text) if charset == "utf-8" else text


def _bytes_of(encoding: str, text: str) -> bytes:
    """Raise ValueError if it is not exactly what an encoder writes."""
    if encoding in "Bb":
        data = base64.b64decode(text, validate=True)
        if base64.b64encode(data) != text.encode():
            raise ValueError
        return data
    if not _Q.fullmatch(text):
        raise ValueError
    return _Q_ESCAPE.sub(
        lambda escape: binascii.unhexlify(escape[1]), text.replace("_", " ").encode()
    )


def _mended(text: str) -> str:
    """UTF-8 that was read as Latin-1 is read again."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
