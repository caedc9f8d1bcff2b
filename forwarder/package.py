"""Pack what is deployed to Lambda: python -m forwarder.package build/forwarder.zip

The same files give the same bytes, so a deployment without changes changes nothing.
"""

import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FOLDER = Path(__file__).parent
# Programs for people, as is the folder sync; the function has no use for them.
LEFT_OUT = {"connect.py", "package.py", "s3_address.py", "send.py"}


def pack(target: Path) -> None:
    """Write the archive; the modules stay in their folder, as their imports say."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for module in sorted(FOLDER.glob("*.py")):
            if module.name not in LEFT_OUT:
                entry = ZipInfo(f"{FOLDER.name}/{module.name}")
                entry.external_attr = 0o644 << 16
                entry.compress_type = ZIP_DEFLATED
                archive.writestr(entry, module.read_bytes())


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
