"""The model sees what is wrong: each of these is the protocol with one mistake."""

import pytest

from tests.model.calls import Violation
from tests.model.explorer import explore
from tests.model.settings import TRANSFER, WRONG
from tests.model.states import Setting
from tests.model.versions import LARGE
from tests.model.world import ELSEWHERE
from tests.mutants import ports, protocol
from tests.mutants.code import Code

WITH_TWO_VERSIONS = {
    "publishing before landing": (
        Code(landing=protocol.PublishesFirst),
        "announced that was never there",
    ),
    "marking before publishing": (
        Code(landing=protocol.MarksFirst),
        "marked that nobody announced",
    ),
    "success without an acknowledgement": (
        Code(landing=protocol.IgnoresLostAcknowledgements),
        "marked that nobody announced",
    ),
    "a repeat that announces nothing": (
        Code(landing=protocol.RepeatsInSilence),
        "marked that nobody announced",
    ),
    "a late mark on whatever is there": (
        Code(landing=protocol.MarksWhateverIsThere),
        "marked that nobody announced",
    ),
    "a predecessor that is only marked": (
        Code(landing=protocol.OnlyMarksThePredecessor),
        "marked that nobody announced",
    ),
    "a predecessor that is not helped": (
        Code(landing=protocol.NeverHelps),
        "replaced that nobody announced",
    ),
    "no look at what is there after a 412": (
        Code(landing=protocol.SkipsTheLookAfterRefusal),
        "replaced that nobody announced",
    ),
    "a token read after the source": (
        Code(landing=protocol.ReadsTheTokenLate),
        "older bytes replaced newer ones",
    ),
    "a 412 taken for success": (
        Code(landing=protocol.TakesRefusalForSuccess),
        "success was answered, and it is not true",
    ),
    "a 412 taken for superseded": (
        Code(landing=protocol.TakesRefusalForSuperseded),
        "the newest version was called superseded",
    ),
    "a lost answer taken for success": (
        Code(landing=protocol.TakesDoubtForSuccess),
        "success was answered, and it is not true",
    ),
    "a reconciler that marks before it publishes": (
        Code(reconciler=protocol.HastyReconciler),
        "marked that nobody announced",
    ),
    "a reconciler that finds nothing": (
        Code(reconciler=protocol.BlindReconciler),
        "the reconciler left an object unannounced",
    ),
    "no precondition": (
        Code(store=ports.Unconditional),
        "replaced that nobody announced",
    ),
    "uploads left open": (
        Code(store=ports.NeverAborting),
        "was not aborted",
    ),
    "no If-Match": (
        Code(source=ports.Unpinned),
        "is never answered with success",
    ),
    "no If-Match, and the answer's ETag believed": (
        Code(source=ports.Obliging),
        "not the version they are said to be",
    ),
}
WITH_A_VERSION_PUT_BACK = {
    "a repeat that touches nothing": Code(landing=protocol.NeverTouches),
    "a precondition on the generation alone": Code(store=ports.GenerationOnly),
}


@pytest.mark.parametrize("name", WITH_TWO_VERSIONS)
def test_two_versions_show(name: str) -> None:
    code, text = WITH_TWO_VERSIONS[name]

    with pytest.raises(Violation, match=text):
        explore(Setting("AB"), code)


@pytest.mark.parametrize("name", WITH_A_VERSION_PUT_BACK)
def test_only_a_version_put_back_shows(name: str) -> None:
    code = WITH_A_VERSION_PUT_BACK[name]
    explore(Setting("AB"), code)

    with pytest.raises(Violation, match="newest version is answered for, and another one is there"):
        explore(Setting("ABA"), code)


def test_a_source_that_breaks_off_shows_ranges_without_if_match() -> None:
    code = Code(source=ports.UnpinnedRanges)

    with pytest.raises(Violation, match="not the version they are said to be"):
        explore(Setting("AB", size=LARGE, faults=TRANSFER), code)


WITH_OTHER_BYTES = {
    "a repeat that compares no checksum": Code(landing=protocol.TakesTheRecordForTheBytes),
    "a predecessor whose checksum is not compared": Code(landing=protocol.HelpsWhateverIsThere),
    "a reconciler that compares no checksum": Code(reconciler=protocol.TrustingReconciler),
}


@pytest.mark.parametrize("name", WITH_OTHER_BYTES)
def test_only_a_store_that_makes_other_bytes_shows(name: str) -> None:
    code = WITH_OTHER_BYTES[name]
    explore(Setting("AB"), code)

    with pytest.raises(Violation, match="other bytes were announced than were verified"):
        explore(Setting("AB", faults=WRONG, reconciler=True), code)


def test_only_an_object_from_elsewhere_shows_an_origin_that_is_not_compared() -> None:
    code = Code(landing=protocol.TakesTheBucketForTheSource)
    explore(Setting("AB"), code)

    with pytest.raises(Violation, match="success was answered, and it is not true"):
        explore(Setting("AB", there=ELSEWHERE), code)


def test_a_violation_tells_how_it_came_about() -> None:
    with pytest.raises(Violation) as violation:
        explore(Setting("AB"), Code(landing=protocol.NeverHelps))

    told = str(violation.value)
    assert "the source is written" in told
    assert "Finish(token=Token(generation=0, metageneration=0), version='A', write=1)" in told
    assert "happens, answer lost" in told
