"""What was there before comes over: all of it, once, also after a run was cut off."""

import csv
import gzip
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from tests.system.service import ROOT
from tests.system.synchronising import House, finish, running

MANY = {f"{n // 50}/{n:03} a+b.bin": b"%d" % n * (n % 40) for n in range(300)}
SOME = dict(list(MANY.items())[:120])

BUCKETS = {
    "many": MANY,
    "killed": SOME,
    "interrupted-sigint": SOME,
    "interrupted-sigterm": SOME,
    "shown": SOME,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("synchronising"), BUCKETS) as house:
        yield house


def test_all_objects_come_over_and_a_second_run_transfers_nothing(house: House) -> None:
    first = house.run("forwarder.sync", "s3://many")
    second = house.run("forwarder.sync", "s3://many")

    assert (first.code, first.summary) == (0, "300 landed now"), first.err
    assert (second.code, second.summary) == (0, "300 landed before"), second.err
    assert house.landed("many") == MANY
    assert sorted(house.announced("many")) == sorted(MANY)
    assert house.transfers("many") == len(MANY)


def cut_off(house: House, bucket: str, signal_: signal.Signals) -> subprocess.Popen[str]:
    """Start a run, and end it once some objects are landed."""
    process = house.start("forwarder.sync", f"s3://{bucket}")
    deadline = time.monotonic() + 30
    while house.count_landed(bucket) < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal_)
    return process


def test_a_run_that_was_killed_is_gone_on_with_by_the_same_command(house: House) -> None:
    with cut_off(house, "killed", signal.SIGKILL) as process:
        assert finish(process).code == -signal.SIGKILL
    before = house.count_landed("killed")
    assert 30 <= before < len(SOME)

    resumed = house.run("forwarder.sync", "s3://killed")

    assert resumed.code == 0, resumed.err
    assert house.landed("killed") == SOME
    assert set(house.announced("killed")) == set(SOME)
    assert house.transfers("killed") == len(SOME)


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_from_where_to_go_on_and_nothing_is_missed(
    house: House, signal_: signal.Signals
) -> None:
    bucket = f"interrupted-{signal_.name.lower()}"
    with cut_off(house, bucket, signal_) as process:
        interrupted = finish(process)
    assert interrupted.code == 130, interrupted.err
    assert "Traceback" not in interrupted.err
    found = re.search(r"--start-after '(.+)'", interrupted.err)
    assert found is not None, interrupted.err

    resumed = house.run("forwarder.sync", f"s3://{bucket}", "--start-after", found[1])

    assert resumed.code == 0, resumed.err
    done = int(resumed.out.split()[0])
    assert done == sum(key > found[1] for key in SOME) < len(SOME)
    assert house.landed(bucket) == SOME
    assert set(house.announced(bucket)) == set(SOME)


def test_a_dry_run_tells_what_is_not_landed_and_does_nothing(house: House) -> None:
    house.make_bucket("dry", {"kept": b"1", "changed": b"2"})
    house.run("forwarder.sync", "s3://dry")
    house.put("dry", {"changed": b"two", "new": b"3"})

    told = house.run("forwarder.sync", "s3://dry", "--dry-run")

    assert told.code == 1
    counts = set(told.summary.split(", "))
    assert counts == {"1 landed", "1 missing", "1 different"}
    assert "missing  1 bytes  s3://dry/new\n" in told.out
    assert "different  3 bytes  s3://dry/changed\n" in told.out
    assert "s3://dry/kept" not in told.out
    assert house.landed("dry") == {"kept": b"1", "changed": b"2"}
    assert len(house.announced("dry")) == 2
    house.run("forwarder.sync", "s3://dry")
    assert house.run("forwarder.sync", "s3://dry", "--dry-run").code == 0


def test_failures_are_kept_as_json_lines_and_the_others_come_over(
    house: House, tmp_path: Path
) -> None:
    house.make_bucket("mixed", {"a": b"a", "large": b"x" * 1001, "line\nend": b"", "z": b"z"})
    file = tmp_path / "failures"

    ended = house.run("forwarder.sync", "s3://mixed", "--failures", str(file))

    assert ended.code == 1
    assert set(ended.summary.split(", ")) == {"2 landed now", "2 failed"}
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert sorted((line["key"], line["size"], line["reason"]) for line in lines) == [
        ("large", 1001, "OBJECT_TOO_LARGE"),
        ("line\nend", 0, "INVALID_MESSAGE"),
    ]
    assert "MAX_OBJECT_BYTES" in ended.err
    assert r"'s3://mixed/line\nend': " in ended.err
    assert house.landed("mixed") == {"a": b"a", "z": b"z"}


def test_only_what_is_under_the_prefix_comes_over(house: House) -> None:
    house.make_bucket("prefixed", {"a/1": b"1", "a/2": b"2", "ab": b"3", "b/1": b"4"})

    house.run("forwarder.sync", "s3://prefixed/a/")

    assert house.landed("prefixed").keys() == {"a/1", "a/2"}


def test_an_inventory_is_taken_instead_of_a_list(house: House) -> None:
    house.make_bucket("listed", {"in/a b+c.csv": b"1", "in/ä": b"2", "in/unlisted": b"3"})
    rows = [(key, "true", "false", 1) for key in ("in/a b+c.csv", "in/ä", "in/gone")]
    rows += [("in/unlisted", "true", "true", 0), ("elsewhere", "true", "false", 1)]
    text = io.StringIO()
    csv.writer(text).writerows((quote_plus(key, safe="/"), *rest) for key, *rest in rows)
    manifest = {
        "sourceBucket": "listed",
        "fileFormat": "CSV",
        "fileSchema": "Key, IsLatest, IsDeleteMarker, Size",
        "files": [{"key": "data/1.csv.gz"}],
    }
    house.make_bucket("reports", {
        "data/1.csv.gz": gzip.compress(text.getvalue().encode()),
        "manifest.json": json.dumps(manifest).encode(),
    })  # fmt: skip
    words = ("forwarder.sync", "s3://listed/in/", "--inventory", "s3://reports/manifest.json")

    ended = house.run(*words)

    assert ended.code == 0, ended.err
    assert set(ended.summary.split(", ")) == {"2 landed now", "1 gone from S3"}
    assert house.landed("listed") == {"in/a b+c.csv": b"1", "in/ä": b"2"}
    assert set(house.run(*words).summary.split(", ")) == {"2 landed before", "1 gone from S3"}
    other = house.run("forwarder.sync", "s3://many", *words[2:])
    assert (other.code, other.err) == (2, "the inventory is of the bucket listed, not many\n")


def test_on_a_terminal_there_is_a_bar_with_the_time_left(house: House) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "forwarder.sync", "s3://shown", "--concurrency", "2"],
        cwd=ROOT,
        env={**os.environ, **house.environment(), "COLUMNS": "120"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = read_all(ours)
    os.close(ours)

    assert process.returncode == 0
    bar = r"\[#+-+\] +\d+%  \d+ of 120  [\d.]+/s  0:\d\d so far  0:\d\d left"
    assert re.search(bar, seen), seen


def read_all(terminal: int) -> str:
    seen = b""
    try:
        while block := os.read(terminal, 65536):
            seen += block
    except OSError:  # the other side has closed
        pass
    return seen.decode()
