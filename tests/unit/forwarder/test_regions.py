"""Buckets that are elsewhere than the event says: signed for where S3 says that they are."""

import logging
from urllib.parse import parse_qs, urlsplit

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.message import Message, MessageMaker
from forwarder.s3_clients import S3Clients
from forwarder.sync.listing import listed_objects
from tests.servers.raw import answer
from tests.servers.scripted_s3 import says
from tests.servers.whole_s3 import Refused, WholeS3

BUCKET = "heron-meadow"
THERE = "eu-west-1"


def signed_for(message: Message) -> str:
    [credential] = parse_qs(urlsplit(str(message["PresignedUrl"])).query)["X-Amz-Credential"]
    return credential.split("/")[2]


@pytest.fixture
def clients(s3: WholeS3) -> S3Clients:
    s3.region = THERE
    s3.put("one", b"1")
    return S3Clients(attempts=1)


@pytest.mark.parametrize("names_region", [True, False])
@pytest.mark.parametrize("event_region", ["us-east-1", "ap-southeast-4", THERE])
def test_a_url_is_signed_for_the_region_that_s3_names(
    event_region: str, names_region: bool, s3: WholeS3, clients: S3Clients
) -> None:
    s3.names_region = names_region
    maker = MessageMaker(clients, 60)

    message = maker.message_about(S3Object(BUCKET, "one", event_region))

    assert signed_for(message) == THERE


def test_a_region_is_remembered_for_later_events_of_the_bucket(
    s3: WholeS3, clients: S3Clients
) -> None:
    maker = MessageMaker(clients, 60)
    maker.message_about(S3Object(BUCKET, "one", "us-east-1"))
    s3.seen.clear()

    again = maker.message_about(S3Object(BUCKET, "one", "us-east-1"))

    assert signed_for(again) == THERE
    assert s3.seen == [f"HEAD /{BUCKET}/one {THERE}"]
    listed = S3Object(BUCKET, "one", "us-east-1", etag="e")
    assert signed_for(maker.message_as_listed(listed, 1)) == THERE
    other = S3Object("heron-lake", "one", "us-east-2", etag="e")
    assert signed_for(maker.message_as_listed(other, 1)) == "us-east-2"


def test_a_bucket_that_moves_is_followed(s3: WholeS3, clients: S3Clients) -> None:
    maker = MessageMaker(clients, 60)
    maker.message_about(S3Object(BUCKET, "one", "us-east-1"))
    s3.region = "sa-east-1"

    message = maker.message_about(S3Object(BUCKET, "one", "us-east-1"))

    assert signed_for(message) == "sa-east-1"


@pytest.mark.parametrize("home", ["us-east-1", THERE])
def test_without_a_region_s3_is_asked_once(
    home: str, s3: WholeS3, clients: S3Clients, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv("AWS_DEFAULT_REGION", home)
    maker = MessageMaker(clients, 60)

    for _ in range(2):
        assert signed_for(maker.message_about(S3Object(BUCKET, "one"))) == THERE

    assert sum(line.startswith(f"HEAD /{BUCKET} ") for line in s3.seen) <= 2


def test_without_any_region_the_first_question_goes_to_us_east_1(
    s3: WholeS3, clients: S3Clients, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv("AWS_CONFIG_FILE", "/nowhere")

    clients.of_bucket(BUCKET)

    assert s3.seen[0] == f"HEAD /{BUCKET} us-east-1"


def test_a_list_from_another_region_is_signed_for_the_buckets_own(clients: S3Clients) -> None:
    client = clients.of_bucket(BUCKET)

    [listed] = listed_objects(client, BUCKET, "")

    assert listed.object.region == THERE


def test_a_region_that_nobody_names_is_told(s3: WholeS3, clients: S3Clients) -> None:
    s3.region = None
    s3.heads["one"] = answer(b"", "301 Moved Permanently", ETag=None)
    s3.refuse("one", "301 Moved Permanently", "PermanentRedirect")

    with pytest.raises(NotForwarded, match="PermanentRedirect: the bucket is in another Region"):
        MessageMaker(clients, 60).message_about(S3Object(BUCKET, "one", "us-east-1"))


NO_REGIONS = ["bad region!", "https://attacker.example", "-a", "a-", "Zone_A", "a" * 64]


@pytest.mark.parametrize("named", NO_REGIONS)
def test_a_bucket_whose_region_is_none_of_boto3s_is_signed_for_the_own_one(
    named: str, s3: WholeS3, clients: S3Clients, aws: pytest.MonkeyPatch
) -> None:
    """Ceph names a zone group there, whatever it is called."""
    aws.setenv("AWS_DEFAULT_REGION", THERE)
    s3.bucket_region = named

    assert signed_for(MessageMaker(clients, 60).message_about(S3Object(BUCKET, "one"))) == THERE


@pytest.mark.parametrize("named", NO_REGIONS)
def test_what_is_no_region_is_not_remembered(
    named: str, s3: WholeS3, clients: S3Clients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    s3.region = None
    header = (("x_amz_bucket_region", named),)
    s3.refused["one"] = Refused("301 Moved Permanently", "PermanentRedirect", headers=header)

    with pytest.raises(NotForwarded):
        MessageMaker(clients, 60).message_about(S3Object(BUCKET, "one", "us-east-1"))

    s3.refused.clear()
    message = MessageMaker(clients, 60).message_about(S3Object(BUCKET, "one", "us-east-1"))
    assert signed_for(message) == "us-east-1"


def test_a_region_in_the_body_of_the_error_counts_too(s3: WholeS3, clients: S3Clients) -> None:
    """AuthorizationHeaderMalformed names it there, as MinIO does."""
    s3.region = None
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>home</Region></Error>"
    s3.faults = [says(answer(body, "400 Bad Request", ETag=None, Connection="close"))]

    clients.of_region("us-east-1").get_object(Bucket=BUCKET, Key="one")["Body"].close()

    assert clients.of_object(BUCKET, "us-east-1") is clients.of_region("home")
