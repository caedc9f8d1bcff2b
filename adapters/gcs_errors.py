"""What Cloud Storage's failures mean. Foreign texts may hold a session URL: none is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from adapters import google_credentials
from adapters.gcs_advice import advice
from adapters.gcs_refusals import Refusal, may_pass
from transfer.errors import LandfallError, StoreUnavailable, TokenMoved, UploadLost

_FAILURES = (Refusal, api.GoogleAPIError, auth.GoogleAuthError, OSError)
"""What calls raise; exceptions of `requests` are OSErrors."""
_HASH = {"hashmismatch", "baddigest"}


@contextmanager
def translated(bucket: str, *, is_conditional: bool = False) -> Iterator[None]:
    """Turn what calls of Cloud Storage raise into our exceptions.

    Raises:
        TokenMoved: Only if `is_conditional`, which says that the request had preconditions.
        StoreUnavailable, Misconfigured
    """
    try:
        yield
    except _FAILURES as failure:
        raise meaning_of(failure, bucket, is_conditional=is_conditional) from None


@contextmanager
def translated_write(bucket: str) -> Iterator[None]:
    """The same for a request that has preconditions and makes an object visible.

    Raises:
        UploadLost: It may have done so, and the destination must be read.
        TokenMoved, StoreUnavailable, Misconfigured: It has not.
    """
    try:
        yield
    except _FAILURES as failure:
        meaning = meaning_of(failure, bucket, is_conditional=True)
        if isinstance(meaning, StoreUnavailable) and may_pass(failure):
            meaning = in_doubt()
        raise meaning from None
    except StoreUnavailable:
        raise in_doubt() from None


def in_doubt() -> UploadLost:
    return UploadLost("Cloud Storage may have written the object: read the destination.")


def meaning_of(
    failure: Exception, bucket: str, *, is_conditional: bool
) -> LandfallError | TokenMoved:
    if isinstance(failure, Refusal):
        if is_conditional and _is_token_moved(failure, bucket):
            return TokenMoved()
        return _meaning_of_refusal(failure, bucket)
    if google_credentials.are_missing(failure):
        return google_credentials.no_credentials()
    return StoreUnavailable(f"Cloud Storage failed ({type(failure).__name__}).")


def _is_token_moved(refusal: Refusal, bucket: str) -> bool:
    """Whether the destination should be read: it changed, or the checksum was refused.

    A 412 without a reason counts: to read once more is safe. One that an organization policy, for
    example, is the cause of does not.
    """
    if refusal.key in _HASH:
        return True
    return refusal.status == 412 and advice(refusal, bucket) is None


def _meaning_of_refusal(refusal: Refusal, bucket: str) -> LandfallError:
    if not refusal.may_pass:
        # Who asks for an object has looked for its absence before.
        cause = Refusal(404, "noSuchBucket") if refusal.status == 404 else refusal
        found = advice(cause, bucket)
        if found is not None:
            return found
    text = f"Cloud Storage answered {refusal}"
    if refusal.status == 400:
        text += ", so something about the object or its metadata breaks one of its rules"
    return StoreUnavailable(f"{text}.")
