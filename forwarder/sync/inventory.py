"""The objects of a bucket, as a report of S3 Inventory tells of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import unquote_plus

from forwarder.aws_failures import AWS_ERRORS
from forwarder.events import S3Object
from forwarder.sync.listing import CannotWork, Listed, usable_etag, why_not

NEEDED = ("Key", "Size")
BLOCK = 1024 * 1024


class Inventory:
    """One report: a manifest, and the files with the rows that it names."""

    def __init__(self, client: Any, bucket: str, manifest_key: str) -> None:
        """Read the manifest; `client` is one of the region of its bucket.

        Raises:
            CannotWork: S3 does not give it, or it is no manifest of CSV files.
        """
        self._client = client
        self._bucket = bucket
        with TemporaryFile() as file:
            self._fetch(manifest_key, file)
            try:
                manifest = json.load(file)
                self.source_bucket: str = manifest["sourceBucket"]
                self._files = [(f["key"], f.get("MD5checksum")) for f in manifest["files"]]
                kind = manifest["fileFormat"]
                self._columns = [name.strip() for name in manifest["fileSchema"].split(",")]
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                raise CannotWork(
                    f"s3://{bucket}/{manifest_key} is no manifest of S3 Inventory: name its "
                    "manifest.json"
                ) from None
        if kind != "CSV" or not set(NEEDED) <= set(self._columns):
            raise CannotWork(
                f"the inventory is {kind} with the columns {', '.join(self._columns)}: "
                f"configure one in CSV with at least {' and '.join(NEEDED)}, better with ETag too"
            )

    def objects(self, prefix: str, region: str) -> Iterator[Listed]:
        """Yield the current versions of all objects whose key begins with `prefix`.

        `region` is that of the source bucket. An inventory is hours or days old, and in no order.

        Raises:
            CannotWork: S3 does not give a file, or it is damaged.
        """
        for key, md5 in self._files:
            for listed in self._objects_in(key, md5, region):
                if listed.object.key.startswith(prefix):
                    yield listed

    def _objects_in(self, key: str, md5: str | None, region: str) -> Iterator[Listed]:
        # Kept on disk meanwhile: S3 would not hold a connection open for as long as the objects
        # take, and a damaged file is known before its first row is used.
        with TemporaryFile() as file:
            found = self._fetch(key, file)
            if md5 is not None and found != md5:
                raise CannotWork(self._damaged(key))
            try:
                with gzip.open(file) as unpacked:
                    lines = io.TextIOWrapper(unpacked, encoding="utf-8", newline="")
                    for values in csv.reader(lines):
                        row = dict(zip(self._columns, values, strict=True))
                        if _is_current_object(row):
                            yield self._listed(row, region)
            except (OSError, EOFError, zlib.error, ValueError, csv.Error):
                raise CannotWork(self._damaged(key)) from None

    def _listed(self, row: Mapping[str, str], region: str) -> Listed:
        key = unquote_plus(row["Key"], errors="strict")  # as in events
        etag = usable_etag(row.get("ETag")) if row["Size"] else None
        found = S3Object(self.source_bucket, key, region, etag=etag)
        return Listed(found, int(row["Size"] or 0))

    def _fetch(self, key: str, file: IO[bytes]) -> str:
        """Copy an object into the file, rewind it, and return its MD5 in hex."""
        digest = hashlib.md5(usedforsecurity=False)
        for block in self._blocks(key):
            digest.update(block)
            file.write(block)
        file.seek(0)
        return digest.hexdigest()

    def _blocks(self, key: str) -> Iterator[bytes]:
        try:
            yield from self._client.get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(
                BLOCK
            )
        except AWS_ERRORS as error:
            deed = f"read s3://{self._bucket}/{key}"
            raise CannotWork(why_not(error, deed, "s3:GetObject")) from None

    def _damaged(self, key: str) -> str:
        return f"s3://{self._bucket}/{key} is damaged, or not what its manifest says: use another"


def _is_current_object(row: Mapping[str, str]) -> bool:
    """Inventories of all versions have these columns; others list what is current."""
    return row.get("IsLatest", "true") == "true" and row.get("IsDeleteMarker", "false") != "true"
