"""What is explored at each run of the tests, and what is left to a longer run."""

from tests.model.states import Setting
from tests.model.versions import LARGE
from tests.model.world import ELSEWHERE, STRANGER, Faults

NOBODY = frozenset({0, 1, 2})
LATE, EARLY, TRANSFER = Faults(late=True), Faults(early=True), Faults(transfer=True)
WRONG = Faults(wrong=True)

SHORT = {
    "two versions": Setting("AB"),
    "two versions, repeats after success": Setting("AB", repeats=True),
    "a version put back": Setting("ABA"),
    "three versions": Setting("ABC"),
    "two versions, three workers": Setting("AB", workers=3),
    "two versions beside the reconciler": Setting("AB", reconciler=True),
    "two versions, requests that arrive late": Setting("AB", faults=LATE),
    "over a stranger's object": Setting("AB", there=STRANGER),
    "over an object from elsewhere": Setting("AB", there=ELSEWHERE),
    "the old message names no version": Setting("AB", unnamed=frozenset({0})),
    "no message names a version": Setting("AB", unnamed=NOBODY),
    "upload sessions that are refused early": Setting("AB", size=LARGE, faults=EARLY),
    "transfers that break": Setting("AB", size=LARGE, faults=TRANSFER),
    "a store that makes other bytes": Setting("AB", faults=WRONG, reconciler=True),
}

LONG = {
    "a version put back, repeats after success": Setting("ABA", repeats=True),
    "a version put back, beside the reconciler": Setting("ABA", reconciler=True),
    "a version put back, requests that arrive late": Setting("ABA", faults=LATE),
    "a version put back, no message names a version": Setting("ABA", unnamed=NOBODY),
    "a version put back, transfers that break": Setting("ABA", size=LARGE, faults=TRANSFER),
    "a version put back, a store that makes other bytes": Setting("ABA", faults=WRONG),
    "two versions, three workers, beside the reconciler": Setting("AB", workers=3, reconciler=True),
    "transfers that break, no message names a version": Setting(
        "AB", unnamed=NOBODY, size=LARGE, faults=TRANSFER
    ),
    "three versions, repeats after success": Setting("ABC", repeats=True),
    "a version put back, three workers": Setting("ABA", workers=3),
}
