"""What Cloud Storage is asked for is what docs/costs.md counts."""

from tests.parts.rig import STARTS, ManyRig


def test_each_range_costs_one_creation_and_one_record(rig: ManyRig) -> None:
    ranges = len(STARTS)

    rig.send()

    asked = rig.cloud().requests
    assert asked["stat"] == 1
    assert asked["list"] == 2
    assert asked["create-session"] + asked["multipart"] == ranges
    assert asked["patch"] == ranges + 1  # the mark too
    assert asked["compose"] == 1
