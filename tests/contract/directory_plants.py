"""What others may put into the store's directory, and where its own files are."""

import os
from pathlib import Path


def hidden(bucket: Path, *parts: str) -> Path:
    return bucket.joinpath(".landfall", *parts)


def plant(path: Path, kind: str, target: Path) -> None:
    if kind == "link":
        path.symlink_to(target)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
