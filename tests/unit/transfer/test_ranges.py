"""Into which ranges an object is cut, and what their temporary objects are called."""

import pytest

from tests.fakes import message_for, message_from
from transfer.object_name import RESERVED_PREFIX
from transfer.ranges import MAX_RANGES, MIN_RANGE_BYTES, folder_of, ranges_of
from transfer.store import STEP

MIB = 2**20
SIZES = [1, STEP, 128 * MIB - 1, 128 * MIB, 256 * MIB + 1, 10**9, 10 * 2**30 + 7, 5 * 2**40]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("unit", [STEP, 5 * MIB, 7_000_003, 2**30])
def test_ranges_are_all_of_the_object_in_order_and_no_more_than_can_be_composed(
    size: int, unit: int
) -> None:
    ranges = ranges_of("f/", size, unit)

    assert [range_.start for range_ in ranges] == [0, *(range_.end for range_ in ranges[:-1])]
    assert ranges[-1].end == size
    assert len(ranges) <= MAX_RANGES
    assert len({range_.length for range_ in ranges[:-1]}) <= 1
    assert all(range_.length % unit == 0 for range_ in ranges[:-1])
    assert all(range_.length >= MIN_RANGE_BYTES for range_ in ranges[:-1])
    assert 0 < ranges[-1].length <= ranges[0].length


@pytest.mark.parametrize(
    ("size", "count"), [(128 * MIB, 16), (256 * MIB, 32), (2**30, 32), (10 * 2**30, 32)]
)
def test_how_many_ranges_there_are(size: int, count: int) -> None:
    assert len(ranges_of("f/", size)) == count


def test_an_object_no_longer_than_a_range_is_one() -> None:
    assert len(ranges_of("f/", MIN_RANGE_BYTES)) == 1
    assert len(ranges_of("f/", 100 * MIB, unit=200 * MIB)) == 1


def test_each_range_has_a_name_that_tells_its_bytes() -> None:
    names = [range_.name for range_ in ranges_of("f/", 20 * MIB)]

    assert names == ["f/0-8388607", "f/8388608-16777215", "f/16777216-20971519"]


def test_a_folder_is_reserved_and_belongs_to_one_version_at_one_destination() -> None:
    message = message_for(b"")
    folders = {
        folder_of("n", message, "e"),
        folder_of("other", message, "e"),
        folder_of("n", message, "other"),
        folder_of("n", message_for(b"", key="other"), "e"),
        folder_of("n", message_for(b"", bucket="other"), "e"),
        folder_of("n", message_from("aws", b""), "e"),
        folder_of("n", message_from("aws-cn", b""), "e"),
    }

    assert len(folders) == 7
    assert folder_of("n", message, "e") in folders
    assert all(folder.startswith(RESERVED_PREFIX) and len(folder) < 100 for folder in folders)
