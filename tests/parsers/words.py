"""What means something in each format, cut into pieces that can be repeated.

Some are inputs of reported faults: encoded words without an end
(https://github.com/golang/go/issues/79217, https://github.com/python/cpython/issues/136063), many
interim answers (https://github.com/python/cpython/issues/88188), chunk extensions
(https://github.com/golang/vulndb/issues/2382), long integers
(https://github.com/python/cpython/issues/95778), deep nesting, quoted parameters.
"""

HEADERS = (
    *(b"=?UTF-8?Q?=C3=83=C2=B6?=", b"=?utf-8?b?Zg==?= ", b"=?a?q?b", "=?é?q?abc?=".encode()),
    *(b"=?\xe9?q?abc?=", b"=?zlib?b?eJwDAAAAAAE=?=", b"=?idna?q?xn--a?="),
    *(b"=?punycode?q?a-b?=", b"=?rot13?q?abc?=", b"=?unicode_escape?q?=5Cud800?="),
    *(b"=?utf-7?q?+2AA-?=", b"=?utf-8?q?=ED=A0=80?=", b"=?", b"?=", b"=C3", b"=", b"?", b"%"),
    *(b"_", b" ", b"\t", b"\xc3\xbc", b"\xed\xa0\x80", b"Zg==", b",", b"gzip, "),
    *(b"aws-chunked,",),
)
LINES = (
    *(b"\r\n ", b"\r\nA: b", b"\r\nx-amz-meta-a: ", b"\r\n\t", b"\r\n", b"\n", b"\r", b": "),
    *(b"\0", b"x-amz-meta-", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 \r\n\r\n"),
    *(b"x-amz-meta-\xe9:", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"\r\n\r\n", b" ", b"\t"),
)
CHUNKS = (
    *(b"1\r\nx\r\n", b"1;a=b\r\nx\r\n", b"001\r\nx\r\n", b"1 \t\r\nx\r\n", b"0\r\n"),
    *(b';a="b"', b"0", b"f", b"\r\n", b"A: b\r\n", b"\n", b" ", b"\t"),
    *(b"1;" + 2000 * b"a" + b"\r\nx\r\n", b";", b"\xff"),
)
URLS = (
    *(b"https://", b"%41", b"%", b"&", b"=", b"/", b"?", b"@", b":443", b"+", b"a=1&", b"-"),
    *(b".", b"a", b"a-", b"dualstack.", b"s3.", b".amazonaws.com", b"us-east-1"),
    *(b"X-Amz-Signature=", b"%C3%BC", "ü".encode(), b";", b"host;"),
    *(b"http://127.0.0.1:9000/", b"..", b"%2F"),
)
JSON = (
    *(b"[", b"]", b'{"a":', b"}", b'"', b"\\", b"\\ud800", b"\\u0000", b"1"),
    *(4000 * b"9" + b",", b"0", b"1e400,", b"-", b"0.", b"NaN", b"Infinity", b'"a",'),
    *(b'"a":1,', b"[],", b"{},", b"null,", b"\xff", b" ", b"\n", b"/", b"e", b"\\\\", b'""'),
    *(b'\\"',),
)
XML = (
    *(b"<Code>", b"</Code>", b"<Message>", b"<Error>", b"<Region>", b"eu-west-2", b"eu-"),
    *(b"&apos;", b"The ", b"is wrong; expecting '", b"the region ", b"expired", b"KMS key"),
    *(b">s3.dualstack.", b" ", b'<!ENTITY a "&b;&b;">', b"<?xml ", b"?>", b"\n", b"Object '"),
    *(b"' is subject to a ", b"a", b"1", b"projects/a/cryptoKeyVersions/1"),
    *(b"Provided MD5 'a", b"Project a ", b" (#1", b" retention a"),
    *(b"is not authorized to perform: s3:", b"requester", b".s3-", b" is under active "),
)
LOGS = (
    *(b"authorization: ", b"bearer ", b"X-Amz-Signature=", b"?key=", b"%3D", b"x-api-key\"'"),
    *(b"value=", b"b'", b'\\"', b" ", b"\\", b"access_token", b"=", b":", b"a", b"%26"),
    *(b"\\u0026", b"'", b"("),
)
NAMES = (
    *(b"/", b".", b"..", b"a", b"%", "ü".encode(), "\u202e".encode(), b"\0", b"\x1b[2J"),
    *(b"*", b"a*", b"[", b"]", b"!", b"-", b"?", b"+", b"=", b",", b"1", b":", b"T", b"Z"),
    *("\u0660".encode(), b"W/", b'"', b"&quot;", b"\t", b" ", b"{", b"}", b"(", b")", b"00-"),
    *(b";o=1",),
)
