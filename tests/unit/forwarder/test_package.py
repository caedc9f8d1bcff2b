"""What is packed for Lambda: the function's modules, and the same bytes for the same files."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from forwarder.package import pack

FORWARDER = Path(__file__).parents[3] / "forwarder"
FOR_PEOPLE = {"connect.py", "package.py", "s3_address.py", "send.py"}


def test_all_modules_of_the_function_are_in_it_as_they_are(tmp_path: Path) -> None:
    target = tmp_path / "not" / "there yet" / "forwarder.zip"

    pack(target)
    pack(target)

    names = sorted(path.name for path in FORWARDER.glob("*.py") if path.name not in FOR_PEOPLE)
    with ZipFile(target) as archive:
        assert archive.namelist() == [f"forwarder/{name}" for name in names]
        for name in names:
            assert archive.read(f"forwarder/{name}") == (FORWARDER / name).read_bytes()


def test_lambda_may_read_the_files_and_they_are_compressed(tmp_path: Path) -> None:
    pack(tmp_path / "forwarder.zip")

    with ZipFile(tmp_path / "forwarder.zip") as archive:
        for entry in archive.infolist():
            assert entry.external_attr >> 16 == 0o644
            assert entry.compress_type == ZIP_DEFLATED


def test_the_time_of_packing_and_of_the_files_changes_nothing(tmp_path: Path) -> None:
    pack(tmp_path / "forwarder.zip")

    with ZipFile(tmp_path / "forwarder.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
