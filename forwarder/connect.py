"""Have S3 tell a queue about a bucket's new objects, and leave its other notifications alone.

    python -m forwarder.connect BUCKET QUEUE_ARN [--prefix PREFIX]

S3 only replaces the whole configuration of a bucket, so what is there is read, changed and put
back; do not run it beside another program that does the same. Running it twice changes nothing.
"""

import argparse
import sys
from typing import Any

from forwarder.aws_failures import AWS_ERRORS, explained, word_for
from forwarder.s3_clients import S3Clients
from forwarder.s3_refusals import CREDENTIALS

OURS = "landfall-forwarder"
ADVICE = {
    "AccessDenied": "you need s3:GetBucketNotification and s3:PutBucketNotification on the bucket",
    "InvalidArgument": "the queue does not exist in the bucket's region, or its policy does not "
    "allow S3 to send from this bucket, or another notification of the bucket is about the same "
    "objects: then send those events to an SNS topic, and subscribe both to it",
}


def connect(client: Any, bucket: str, queue_arn: str, prefix: str = "") -> None:
    """Have S3 tell the queue about objects of the bucket that are created under the prefix.

    Raises:
        One of `AWS_ERRORS`: S3 refused or failed.
    """
    configuration = client.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata", None)
    ours: dict[str, Any] = {
        "Id": OURS,
        "QueueArn": queue_arn,
        "Events": ["s3:ObjectCreated:*"],
    }
    if prefix:
        ours["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    others = configuration.get("QueueConfigurations", [])
    configuration["QueueConfigurations"] = [o for o in others if o.get("Id") != OURS] + [ours]
    client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m forwarder.connect", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("bucket")
    parser.add_argument("queue_arn", help="output QueueArn of the stack")
    parser.add_argument("--prefix", default="", help="only objects whose key begins with this")
    given = parser.parse_args(arguments)
    try:
        connect(S3Clients().of_bucket(given.bucket), given.bucket, given.queue_arn, given.prefix)
    except AWS_ERRORS as error:
        word = word_for(error)
        failure = explained(error)
        advice = failure if failure.reason == CREDENTIALS else ADVICE.get(word, failure)
        print(f"{given.bucket} is not connected ({word}): {advice}", file=sys.stderr)
        return 1
    print(f"S3 now tells {given.queue_arn} about new objects in {given.bucket}/{given.prefix}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
