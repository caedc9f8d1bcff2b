"""What is put back into a bucket's notifications, and what a person reads about it."""

from copy import deepcopy
from typing import Any

import pytest

from forwarder import connect
from forwarder.connect import main
from tests.servers.whole_s3 import Refused, WholeS3

QUEUE = "arn:aws:sqs:eu-west-2:123456789012:heron-objects"
OURS = {"Id": "landfall-forwarder", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
OTHER = {"Id": "other", "QueueArn": "arn:other", "Events": ["s3:ObjectRemoved:*"]}


class Bucket:
    """The notifications of one bucket, as boto3 gives and takes them."""

    def __init__(self, **configuration: Any) -> None:
        self.configuration = configuration

    def get_bucket_notification_configuration(self, Bucket: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "heron-meadow"
        return {"ResponseMetadata": {"RequestId": "r"}} | deepcopy(self.configuration)

    def put_bucket_notification_configuration(
        self,
        Bucket: str,  # noqa: N803
        NotificationConfiguration: dict[str, Any],  # noqa: N803
    ) -> None:
        assert Bucket == "heron-meadow"
        self.configuration = NotificationConfiguration


def test_a_bucket_without_notifications_gets_ours_alone() -> None:
    bucket = Bucket()

    connect.connect(bucket, "heron-meadow", QUEUE)

    assert bucket.configuration == {"QueueConfigurations": [OURS]}


def test_all_other_notifications_stay_as_they_are() -> None:
    others = {
        "TopicConfigurations": [{"Id": "t", "TopicArn": "arn:t", "Events": ["e"]}],
        "LambdaFunctionConfigurations": [{"Id": "landfall-forwarder", "Events": ["e"]}],
        "EventBridgeConfiguration": {},
    }
    unnamed = {"QueueArn": "arn:unnamed", "Events": ["e"]}
    bucket = Bucket(QueueConfigurations=[OTHER, unnamed], **others)

    connect.connect(bucket, "heron-meadow", QUEUE)

    assert bucket.configuration == others | {"QueueConfigurations": [OTHER, unnamed, OURS]}


def test_running_it_again_replaces_ours() -> None:
    bucket = Bucket(QueueConfigurations=[OURS | {"QueueArn": "arn:old"}, OTHER])

    connect.connect(bucket, "heron-meadow", QUEUE, "inbox/")

    rule = {"Name": "prefix", "Value": "inbox/"}
    filtered = OURS | {"Filter": {"Key": {"FilterRules": [rule]}}}
    assert bucket.configuration == {"QueueConfigurations": [OTHER, filtered]}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "you need s3:GetBucketNotification and s3:PutBucketNotification on"),
        ("InvalidArgument", "the queue does not exist in the bucket's region, or its policy"),
        ("NoSuchBucket", "S3 answered NoSuchBucket: there is no such bucket"),
    ],
)
def test_a_refusal_is_an_error_that_says_what_to_do(
    code: str, told: str, s3: WholeS3, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.list_refused = Refused("400 Bad Request", code)

    assert main(["heron-meadow", QUEUE, "--prefix", "inbox/"]) == 1

    written = capsys.readouterr()
    assert f"heron-meadow is not connected ({code}): {told}" in written.err
    assert written.out == ""


def test_the_help_shows_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: python -m forwarder.connect ")
    assert "\n    python -m forwarder.connect BUCKET QUEUE_ARN [--prefix PREFIX]\n" in told
    assert "output QueueArn of the stack" in told
