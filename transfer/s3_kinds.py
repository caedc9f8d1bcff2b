"""What a name at Amazon means if it is no general-purpose bucket of S3: the words of a refusal.

https://docs.aws.amazon.com/general/latest/gr/s3.html
"""

from transfer.errors import UrlRefused

_BY_NAME = "Sign with the bucket's own name"
_OWN_HOST = "Sign for the bucket's own host, https://BUCKET.s3.REGION.amazonaws.com"
_OR_LISTED = "if Landfall reaches the endpoint, list its origin in S3_ENDPOINTS, sign path-style"
_TO_BUCKET = "Copy the object to a general-purpose bucket and sign for that"

_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".cloudfront.net",
)
# By how a label of the host begins. It decides nothing but the words.
_LABELS = {
    "vpce": f"an interface VPC endpoint, which is private. {_OWN_HOST}; or, {_OR_LISTED}",
    "s3-global": (
        "a multi-Region access point, which does not name its bucket. "
        f"{_OWN_HOST}, with Signature Version 4"
    ),
    "s3-accesspoint": f"an S3 access point, which does not name its bucket. {_OWN_HOST}",
    "s3-object-lambda": (
        f"an S3 Object Lambda access point, whose bytes are not the object's. {_OWN_HOST}"
    ),
    "s3-outposts": f"a bucket of S3 on Outposts. {_TO_BUCKET}",
    "s3express-": f"a directory bucket (S3 Express One Zone). {_TO_BUCKET}",
    "s3-website": f"an S3 website endpoint, which takes no signature. {_OWN_HOST}",
    "s3-control": f"the S3 Control API. {_OWN_HOST}",
    "cloudfront": f"a CloudFront distribution. {_OWN_HOST}",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Not `-an`: it ends the buckets of an account's own regional namespace, which are general-purpose.
_ENDS = {
    "-s3alias": f"the alias of an S3 access point. {_BY_NAME}",
    "--ol-s3": f"the alias of an S3 Object Lambda access point. {_BY_NAME}",
    ".mrap": f"the alias of a multi-Region access point. {_BY_NAME}",
    "--x-s3": f"a directory bucket (S3 Express One Zone). {_TO_BUCKET}",
    "--table-s3": f"a table bucket (S3 Tables). {_TO_BUCKET}",
}
_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")


def host_kind(name: str) -> str | None:
    """Return what kind of host this is and what to sign instead, if the kind is known."""
    if not name.endswith(_DOMAINS):
        return None
    for label in reversed(name.split(".")):
        for beginning, words in _LABELS.items():
            if label.startswith(beginning):
                return words
    return None


def check_not_reserved(bucket: str) -> None:
    """Raise UrlRefused if S3 reserves this name for something other than a bucket."""
    for end, words in _ENDS.items():
        if bucket.endswith(end):
            raise UrlRefused(f"PresignedUrl's bucket is {words}.")
    if bucket.startswith(_BEGINNINGS):
        raise UrlRefused(f"PresignedUrl's bucket has a name that S3 reserves. {_BY_NAME}.")
