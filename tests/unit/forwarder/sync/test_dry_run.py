"""What a dry run asks about an object, and of whom."""

from forwarder.sync.bringing import Status
from tests.unit.forwarder.sync.house import LANDED, LISTED, MISSING, NO_ETAG, house


def test_what_is_landed_as_listed_costs_one_question() -> None:
    there = house(LANDED, dry_run=True)

    assert there.bringing.bring(LISTED).status is Status.LANDED
    assert there.forwarder.calls == ["as listed"]


def test_a_list_without_an_etag_leaves_the_question_to_s3() -> None:
    there = house(MISSING, dry_run=True)

    assert there.bringing.bring(NO_ETAG).status is Status.MISSING
    assert there.forwarder.calls == ["compare"]
