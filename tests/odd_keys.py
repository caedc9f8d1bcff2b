"""Keys of S3 that hold no text for people, and that Cloud Storage takes as a name all the same.

Its rules forbid a carriage return and a line feed, and advise against other control characters.
https://cloud.google.com/storage/docs/objects#naming
"""

CONTROLS = "".join(chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\r\n")
ODD_KEYS = {
    "a tab": "heron\tmeadow.png",
    "a tab at both ends": "\theron\t",
    "only a tab": "\t",
    "backspaces": "heron\b\b\bmeadow",
    "DEL": "heron\x7f",
    "NUL": "heron\0meadow",
    "only NUL": "\0",
    "an escape sequence": "\x1b[2J\x1b]0;heron\x07meadow",
    "C1 controls": "heron\x80\x85\x9b31mmeadow",
    "vertical tab and form feed": "heron\x0b\x0cmeadow",
    "all control characters that are taken": CONTROLS,
    "a byte-order mark": "\ufeffheron",
    "separators of lines and paragraphs": "heron\u2028\u2029meadow",
    "a right-to-left override": "heron\u202egnp.exe",
    "non-characters": "heron\ufdd0\ufffe\uffff\U0001ffff\U0010ffff",
    "private use": "heron\ue000\U000f0000",
    "folders of control characters": "\t/\0/\x7f/\x1b",
    "no text beside the reserved folder": ".landfall\0/records",
}
REFUSED_KEYS = {
    "a line feed": "heron\nmeadow",
    "a carriage return": "heron\rmeadow",
    "both": "heron\r\nmeadow",
    "at its end": "heron\n",
    "at its beginning": "\rheron",
}
