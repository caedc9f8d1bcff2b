"""Why a message could not be answered with success.

    LandfallError
    ├── Refused                 sending the same message again at once cannot help
    │   ├── InvalidMessage
    │   ├── UrlRefused
    │   ├── BucketNotAllowed
    │   ├── ObjectTooLarge
    │   ├── NotLanded
    │   ├── SourceGone
    │   ├── SourceRefused
    │   └── RateLimited
    ├── Unavailable             sending it again, with a fresh URL, may help
    │   ├── UrlExpired
    │   ├── SourceUnavailable
    │   │   ├── SourceBusy
    │   │   └── SourceTooSlow
    │   ├── SourceCorrupt
    │   │   └── WrongBytes
    │   ├── StoreUnavailable
    │   │   └── UploadLost
    │   ├── NotifyUnavailable
    │   ├── Overloaded
    │   └── Draining
    └── Misconfigured           an operator must act; the message may be sent again then

Two conditions are no failures, but turns of the landing protocol: SourceChanged
and TokenMoved. They never leave `transfer`.

A message says what happened and what to do. It never holds a URL, a signature or a
key, nor the text of a foreign exception, which may hold one.
"""

from typing import ClassVar


class LandfallError(Exception):
    """Base of all failures that a caller is told about, by `reason`."""

    reason: ClassVar[str] = "INTERNAL"
    retry_after: int | None = None


class Refused(LandfallError):
    """The message, what it points to, or its sender is at fault."""


class InvalidMessage(Refused):
    """A field is missing, malformed or contradicts another."""

    reason = "INVALID_MESSAGE"


class UrlRefused(Refused):
    """The presigned URL does not point to the S3 object of the message."""

    reason = "URL_REFUSED"


class BucketNotAllowed(Refused):
    """The caller, or this service, does not land objects of that bucket."""

    reason = "BUCKET_NOT_ALLOWED"


class ObjectTooLarge(Refused):
    """The object exceeds the size limit; no byte was moved."""

    reason = "OBJECT_TOO_LARGE"


class NotLanded(Refused):
    """There is no object that was landed from the S3 object in question."""

    reason = "NOT_LANDED"


class SourceGone(Refused):
    """S3 has no such bucket, key or version."""

    reason = "SOURCE_GONE"


class SourceRefused(Refused):
    """S3 will not give the object to this URL, and a fresh one alone does not help."""

    reason = "SOURCE_REFUSED"


class RateLimited(Refused):
    """This key has sent as many messages as it may for now; `retry_after` is in seconds."""

    reason = "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(LandfallError):
    """Nothing is known to be wrong with the message; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UrlExpired(Unavailable):
    """The presigned URL, or the credentials behind it, are past their life."""

    reason = "URL_EXPIRED"


class SourceUnavailable(Unavailable):
    """S3 could not be reached, broke off, or asked to slow down."""

    reason = "SOURCE_UNAVAILABLE"


class SourceBusy(SourceUnavailable):
    """S3 answered that it cannot now: asked again and again, it would only be busier."""


class SourceTooSlow(SourceUnavailable):
    """S3 sent less than the minimum pace allows. The same request does not try again."""


class SourceCorrupt(Unavailable):
    """What S3 sent contradicts the message or the object's own checksums."""

    reason = "SOURCE_CORRUPT"


class WrongBytes(SourceCorrupt):
    """The bytes showed it, so they had to be fetched first; the answer's headers showed nothing."""


class StoreUnavailable(Unavailable):
    """The store did not answer, or its answer leaves the outcome in doubt."""

    reason = "STORE_UNAVAILABLE"


class UploadLost(StoreUnavailable):
    """The store no longer knows this upload: only a new one can go on."""


class NotifyUnavailable(Unavailable):
    """The topic did not acknowledge: subscribers may or may not have heard."""

    reason = "NOTIFY_UNAVAILABLE"


class Overloaded(Unavailable):
    """As many transfers run as are allowed, or as the caller's share allows."""

    reason = "OVERLOADED"


class Draining(Unavailable):
    """The process is about to end: it takes no new transfer, and gives up what lasts long."""

    reason = "DRAINING"


class Misconfigured(LandfallError):
    """The landing bucket or the topic is missing, or the service may not use it."""

    reason = "MISCONFIGURED"


class SourceChanged(Exception):
    """The source no longer holds the bytes that the message means."""


class TokenMoved(Exception):
    """The destination is no longer what its token says: somebody else acted."""
