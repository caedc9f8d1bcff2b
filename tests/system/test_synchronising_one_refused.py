"""One object that S3 refuses among others: it fails alone, at every run."""

from collections.abc import Iterator

import pytest

from tests.servers.s3 import S3Server
from tests.servers.whole_s3 import Refused, WholeS3
from tests.system.backends import Embedded
from tests.system.service import serving
from tests.system.synchronising import House

BUCKET = "heron-meadow"
GOOD = ("a", "b", "y", "z")
SSE_C = "The object was stored using a form of Server Side Encryption. The correct parameters"


@pytest.fixture
def s3() -> Iterator[WholeS3]:
    with WholeS3() as server:
        for key in (*GOOD, "middle"):
            server.put(key, f"bytes of {key}".encode())
        yield server


@pytest.fixture
def house(s3: WholeS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("one")
    backend = Embedded(folder)
    with serving(folder, backend, S3_ENDPOINTS=s3.origin) as service:
        yield House(S3Server(s3.origin, None), backend, service)


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (Refused("400 Bad Request", "InvalidRequest", SSE_C), "(SSE-C)"),
        (Refused("400 Bad Request", None), "no error of S3 in it"),
        (Refused("400 Bad Request", "KMS.DisabledException"), "KMS key of the object is disabled"),
        (Refused("403 Forbidden", "AccessDenied", "kms:Decrypt"), "kms:GenerateDataKey"),
        (Refused("403 Forbidden", "AccessDenied"), "s3:GetObject"),
        (Refused("403 Forbidden", "SignatureDoesNotMatch"), "if only this object is refused"),
        (Refused("403 Forbidden", None), "no error of S3 in it"),
    ],
)
def test_the_others_land(refused: Refused, told: str, s3: WholeS3, house: House) -> None:
    s3.refused["middle"] = refused

    for done in ("4 landed now", "4 landed before"):
        ended = house.run("forwarder.sync", f"s3://{BUCKET}", "--concurrency", "1")

        assert ended.code == 1
        assert set(ended.summary.split(", ")) == {done, "1 failed"}
        assert f"failed  s3://{BUCKET}/middle: " in ended.err
        assert told in ended.err
    assert set(house.landed(BUCKET)) == set(GOOD)


def test_objects_with_a_thousand_headers_land_by_what_the_list_says(
    s3: WholeS3, house: House
) -> None:
    ok = b"HTTP/1.1 200 OK\r\n"
    s3.heads["middle"] = ok + b"".join(b"x-amz-meta-%d: v\r\n" % n for n in range(1000)) + b"\r\n"
    s3.heads["b"] = ok + "x-amz-meta-größe: 1\r\n".encode() + b"\r\n"

    ended = house.run("forwarder.sync", f"s3://{BUCKET}")

    assert (ended.code, ended.summary) == (0, "5 landed now")
    assert house.landed(BUCKET)["middle"] == b"bytes of middle"


def test_one_object_by_hand_says_the_same(s3: WholeS3, house: House) -> None:
    s3.refuse("middle", "400 Bad Request", "InvalidRequest", SSE_C)

    ended = house.run("forwarder.send", f"s3://{BUCKET}/middle")

    assert ended.code == 1
    assert "(SSE-C)" in ended.err
