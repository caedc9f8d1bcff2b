"""What a failed call of Cloud Storage means, and when the destination must be read."""

import pytest
from google.auth.exceptions import DefaultCredentialsError, TransportError

from adapters.gcs_errors import translated, translated_write
from adapters.gcs_refusals import Refusal
from transfer.errors import LandfallError, Misconfigured, StoreUnavailable, TokenMoved, UploadLost

MAY_HAVE_WRITTEN = [
    ConnectionResetError("reset"),
    TimeoutError(),
    Refusal(503, "backendError"),
    Refusal(408),
    StoreUnavailable("an answer that cannot be read"),
]
HAS_NOT_WRITTEN: list[tuple[Exception, type[Exception], str]] = [
    (Refusal(403, "accountDisabled"), Misconfigured, "Billing is disabled"),
    (Refusal(403), Misconfigured, "roles/storage.objectUser"),
    (Refusal(404, "notFound"), Misconfigured, "landing does not exist"),
    (Refusal(412, "conditionNotMet"), TokenMoved, "^$"),
    (Refusal(412, "orgPolicyConstraintFailed"), Misconfigured, "organization policy"),
    (Refusal(400, "hashMismatch"), TokenMoved, "^$"),
    (Refusal(400, "invalid"), StoreUnavailable, "400 invalid, so something about the object"),
    (Refusal(411, "required"), StoreUnavailable, r"answered 411 required\.$"),
    (DefaultCredentialsError("none"), Misconfigured, "no usable Google credentials"),
]


@pytest.mark.parametrize("failure", MAY_HAVE_WRITTEN, ids=repr)
def test_a_write_that_may_have_been_done_has_the_destination_read(failure: Exception) -> None:
    with pytest.raises(UploadLost, match="read the destination"), translated_write("landing"):
        raise failure


@pytest.mark.parametrize(("failure", "kind", "words"), HAS_NOT_WRITTEN, ids=repr)
def test_a_write_that_was_refused_says_why(
    failure: Exception, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as raised, translated_write("landing"):
        raise failure

    assert type(raised.value) is kind


@pytest.mark.parametrize("failure", [*MAY_HAVE_WRITTEN[:4], TransportError("away")], ids=repr)
def test_what_only_reads_is_unavailable_and_never_in_doubt(failure: Exception) -> None:
    with pytest.raises(LandfallError) as raised, translated("landing"):
        raise failure

    assert type(raised.value) is StoreUnavailable
    assert raised.value.__suppress_context__


def test_a_412_to_a_call_without_a_condition_does_not_start_the_protocol_again() -> None:
    with pytest.raises(StoreUnavailable, match="412"), translated("landing"):
        raise Refusal(412, "conditionNotMet")
