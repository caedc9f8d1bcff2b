"""ETags that pin the bytes of an object.

https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
"""

import re

MAX_LENGTH = 1024
"""Of the text between the quotes. Cloudflare R2 has given some of 240."""
_STRONG = re.compile(r"[!#-~]+", re.ASCII)


def parse_etag(text: str) -> str:
    """Return the text between the quotes, which some servers leave out.

    Raises:
        ValueError: It cannot pin the bytes. The words follow on "The ETag".
    """
    if re.match(r"[Ww]/", text):
        raise ValueError(
            'is weak (W/"..."), so it does not pin the bytes: If-Match never matches it (RFC 9110, '
            "13.1.1). A proxy that compresses answers, such as nginx with gzip, makes ETags weak: "
            "turn off compression between Landfall and S3."
        )
    bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if not bare:
        raise ValueError("is empty, so it does not pin the bytes.")
    if bare.startswith("&quot;"):
        raise ValueError("is escaped for XML (&quot;): decode it.")
    if len(bare) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters.")
    if not _STRONG.fullmatch(bare):
        raise ValueError("holds a space, a quote or another character that no ETag may hold.")
    return bare
