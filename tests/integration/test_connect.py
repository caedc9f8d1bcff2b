"""A bucket that exists is connected to the queue, and keeps its other notifications."""

from typing import Any

import boto3
import pytest

from forwarder.connect import main
from tests.integration.conftest import REGION, Answer, RecordingServer

OURS = "landfall-forwarder"


@pytest.fixture
def queue_arn(s3_url: str, forwarder_environment: pytest.MonkeyPatch) -> str:
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=s3_url)
    url = sqs.create_queue(QueueName="heron-objects")["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn: str = answer["Attributes"]["QueueArn"]
    return arn


@pytest.fixture
def bucket(s3: Any, queue_arn: str) -> str:
    """A bucket that tells the queue of deletions already."""
    name = "heron-connected"
    s3.create_bucket(Bucket=name)
    other = {"Id": "other", "QueueArn": queue_arn, "Events": ["s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={"QueueConfigurations": [other]},
    )
    return name


def configured(s3: Any, bucket: str) -> dict[str, Any]:
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    return {one["Id"]: one for one in configuration["QueueConfigurations"]}


def test_ours_is_added_and_the_others_stay(
    s3: Any, bucket: str, queue_arn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([bucket, queue_arn]) == 0
    assert capsys.readouterr().out == f"S3 now tells {queue_arn} about new objects in {bucket}/\n"
    found = configured(s3, bucket)
    assert set(found) == {"other", OURS}
    assert found[OURS]["QueueArn"] == queue_arn
    assert found[OURS]["Events"] == ["s3:ObjectCreated:*"]
    assert "Filter" not in found[OURS]


def test_twice_is_once_and_the_prefix_can_be_changed(s3: Any, bucket: str, queue_arn: str) -> None:
    for arguments in ([], [], ["--prefix", "inbox/"]):
        assert main([bucket, queue_arn, *arguments]) == 0
        found = configured(s3, bucket)
        assert set(found) == {"other", OURS}
    [rule] = found[OURS]["Filter"]["Key"]["FilterRules"]
    assert (rule["Name"].lower(), rule["Value"]) == ("prefix", "inbox/")


def test_topics_functions_and_eventbridge_stay_connected(scripted_s3: RecordingServer) -> None:
    topic = (
        "<TopicConfiguration><Id>t</Id><Topic>arn:t</Topic><Event>e</Event></TopicConfiguration>"
    )
    function = topic.replace("Topic", "CloudFunction").replace(">t<", ">f<")
    inner = f"{topic}{function}<EventBridgeConfiguration/>"
    found = f"<NotificationConfiguration>{inner}</NotificationConfiguration>".encode()
    there = Answer(200, b"", {"x-amz-bucket-region": REGION})
    scripted_s3.answers = [there, Answer(200, found), Answer(200, b"")]
    assert main(["heron-meadow", "arn:aws:sqs:us-east-1:1:q"]) == 0
    sent = scripted_s3.requests[-1][2].decode()
    for kept in ("arn:t", "<Id>f</Id>", "EventBridgeConfiguration", "arn:aws:sqs:us-east-1:1:q"):
        assert kept in sent


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "you need s3:GetBucketNotification"),
        ("InvalidArgument", "its policy does not allow S3 to send"),
        ("NoSuchBucket", "there is no such bucket"),
        ("ExpiredToken", "the AWS credentials are wrong or have expired: renew them"),
        ("Other", "look this error up in the documentation of S3"),
    ],
)
def test_a_refusal_says_what_to_do(
    code: str, told: str, scripted_s3: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    error = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    there = Answer(200, b"", {"x-amz-bucket-region": REGION})
    scripted_s3.answers = [there, Answer(400, error)]
    assert main(["heron-meadow", "arn:aws:sqs:us-east-1:1:q"]) == 1
    assert f"heron-meadow is not connected ({code}): " in (written := capsys.readouterr()).err
    assert told in written.err
    assert written.out == ""
