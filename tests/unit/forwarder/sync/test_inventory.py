"""Reports of S3 Inventory: which objects they name, and what is wrong with them."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from forwarder.sync.inventory import Inventory
from forwarder.sync.listing import CannotWork, Listed

PLAIN = "Bucket, Key, Size, ETag"
ALL_VERSIONS = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag"


class FakeS3:
    """The objects of a bucket, by key."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if Key not in self.bodies:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = self.bodies[Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def add(self, key: str, rows: Sequence[Sequence[object]]) -> dict[str, Any]:
        """Keep a file of rows, as S3 writes them, and return its entry in a manifest."""
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
        self.bodies[key] = gzip.compress(text.getvalue().encode())
        md5 = hashlib.md5(self.bodies[key]).hexdigest()
        return {"key": key, "size": len(self.bodies[key]), "MD5checksum": md5}

    def add_manifest(self, schema: str, *files: dict[str, Any], **changes: object) -> None:
        manifest = {
            "sourceBucket": "heron-meadow",
            "destinationBucket": "arn:aws:s3:::reports",
            "version": "2016-11-30",
            "fileFormat": "CSV",
            "fileSchema": schema,
            "files": files,
        }
        self.bodies["manifest.json"] = json.dumps({**manifest, **changes}).encode()


def read(s3: FakeS3, prefix: str = "") -> list[Listed]:
    return list(Inventory(s3, "reports", "manifest.json").objects(prefix, "eu-west-2"))


def test_all_rows_of_all_files_are_objects() -> None:
    s3 = FakeS3()
    one = s3.add("1.csv.gz", [("heron-meadow", "a", 3, "e1"), ("heron-meadow", "b/c", 0, "e2-2")])
    two = s3.add("2.csv.gz", [("heron-meadow", "d", 2**42, "e3")])
    s3.add_manifest(PLAIN, one, two)

    found = read(s3)

    assert [(o.object.key, o.size, o.object.etag) for o in found] == [
        ("a", 3, "e1"),
        ("b/c", 0, "e2-2"),
        ("d", 2**42, "e3"),
    ]
    assert {(o.object.bucket, o.object.region) for o in found} == {("heron-meadow", "eu-west-2")}


def test_keys_are_decoded_once_and_the_prefix_is_of_the_decoded_key() -> None:
    s3 = FakeS3()
    keys = ["in+a/100%25+%2B+%C3%A4%2C%22.csv", "in%20a/x", "in+b/y", "other"]
    s3.add_manifest(PLAIN, s3.add("1.csv.gz", [("heron-meadow", key, 1, "e") for key in keys]))

    assert [o.object.key for o in read(s3, "in a/")] == ['in a/100% + ä,".csv', "in a/x"]


def test_old_versions_and_delete_markers_are_no_objects() -> None:
    s3 = FakeS3()
    rows = [
        ("heron-meadow", "a", "v2", "true", "false", 3, "e2"),
        ("heron-meadow", "a", "v1", "false", "false", 3, "e1"),
        ("heron-meadow", "b", "v2", "true", "true", "", ""),
        ("heron-meadow", "b", "v1", "false", "false", 3, "e1"),
    ]
    s3.add_manifest(ALL_VERSIONS, s3.add("1.csv.gz", rows))

    assert [(o.object.key, o.object.etag) for o in read(s3)] == [("a", "e2")]


def test_an_inventory_without_etags_leaves_them_to_s3() -> None:
    s3 = FakeS3()
    s3.add_manifest("Bucket, Key, Size", s3.add("1.csv.gz", [("heron-meadow", "a", 3)]))

    assert [o.object.etag for o in read(s3)] == [None]


def test_an_empty_inventory_has_no_objects() -> None:
    s3 = FakeS3()
    s3.add_manifest(PLAIN, s3.add("1.csv.gz", []))

    assert read(s3) == []


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip",
        gzip.compress(b'"heron-meadow","a","1","e"\n' * 9)[:-9],
        gzip.compress(b'"heron-meadow","a"\n'),
        gzip.compress(b'"heron-meadow","\xff","1","e"\n'),
        gzip.compress(b'"heron-meadow","a","many","e"\n'),
        gzip.compress(b'"heron-meadow","%FF","1","e"\n'),
    ],
    ids=["not gzip", "cut", "a column is missing", "not UTF-8", "no size", "a key not UTF-8"],
)
@pytest.mark.parametrize("with_md5", [False, True])
def test_a_damaged_file_is_told(body: bytes, with_md5: bool) -> None:
    s3 = FakeS3()
    entry = s3.add("1.csv.gz", [("heron-meadow", str(n), n, "e") for n in range(100)])
    if not with_md5:
        del entry["MD5checksum"]
    s3.add_manifest(PLAIN, entry)
    s3.bodies["1.csv.gz"] = body

    with pytest.raises(CannotWork, match=r"s3://reports/1\.csv\.gz is damaged"):
        read(s3)


def test_a_file_that_is_not_there_is_told() -> None:
    s3 = FakeS3()
    s3.add_manifest(PLAIN, {"key": "1.csv.gz"})

    with pytest.raises(
        CannotWork, match=r"cannot read s3://reports/1\.csv\.gz: S3 answered NoSuchKey"
    ):
        read(s3)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"files": 1}', b"\xff", b"null"])
def test_what_is_no_manifest_is_told(body: bytes) -> None:
    s3 = FakeS3()
    s3.bodies["manifest.json"] = body

    with pytest.raises(CannotWork, match="is no manifest of S3 Inventory"):
        read(s3)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [("message s3.inventory {}", "Parquet"), ("struct<>", "ORC"), ("Bucket", "CSV")],
)
def test_another_format_or_too_few_columns_are_told(schema: str, kind: str) -> None:
    s3 = FakeS3()
    s3.add_manifest(schema, fileFormat=kind)

    with pytest.raises(CannotWork, match=f"the inventory is {kind} .* in CSV with at least Key"):
        read(s3)


def test_a_file_with_another_md5_than_its_manifest_says_is_not_used() -> None:
    s3 = FakeS3()
    entry = s3.add("1.csv.gz", [("heron-meadow", "a", 3, "e1")])
    s3.add_manifest(PLAIN, entry)
    s3.add("1.csv.gz", [("heron-meadow", "b", 3, "e1")])

    with pytest.raises(CannotWork, match=r"1\.csv\.gz is damaged, or not what its manifest says"):
        read(s3)


def test_without_etags_or_sizes_an_object_is_not_compared_by_its_row() -> None:
    s3 = FakeS3()
    s3.add_manifest("Key, Size", s3.add("1.csv.gz", [("a", 3), ("b", "")]))
    assert [(one.object.etag, one.size) for one in read(s3)] == [(None, 3), (None, 0)]

    rows = [("h", "a", "", "e1"), ("h", "b", 3, ""), ("h", "c", 3, '"e1"'), ("h", "d", 3, 'W/"e"')]
    s3.add_manifest(PLAIN, s3.add("1.csv.gz", rows))
    assert [one.object.etag for one in read(s3)] == [None, None, "e1", None]


def test_a_report_that_may_not_be_read_names_the_right_that_is_missing() -> None:
    class Denying(FakeS3):
        def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - as above
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    with pytest.raises(CannotWork, match=r"AccessDenied: .*credentials s3:GetObject on it;"):
        read(Denying())
