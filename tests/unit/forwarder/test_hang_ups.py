"""Wherever AWS is asked: a server that hangs up leaves no answer, and the words still help."""

from collections.abc import Iterator

import pytest

from forwarder import connect
from forwarder.api_key import SecretKey
from forwarder.failures import NotForwarded
from forwarder.postponing import postpone, queue_of
from forwarder.s3_clients import S3Clients
from forwarder.sync.__main__ import objects_of, parse
from forwarder.sync.inventory import Inventory
from forwarder.sync.listing import CannotWork
from tests.servers.raw import RawServer, reset

QUEUE = "arn:aws:sqs:eu-west-2:123456789012:heron-objects"
SECRET = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:heron"


@pytest.fixture(autouse=True)
def hanging_up(aws: pytest.MonkeyPatch) -> Iterator[RawServer]:
    with RawServer([reset()]) as server:
        aws.setenv("AWS_ENDPOINT_URL", server.origin)
        aws.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        queue_of.cache_clear()
        yield server
        queue_of.cache_clear()


def test_a_secret_that_cannot_be_read_is_told() -> None:
    with pytest.raises(NotForwarded, match="Secrets Manager did not give the secret") as failed:
        SecretKey(SECRET).current()

    assert failed.value.reason == "API_KEY_UNREADABLE"


def test_messages_that_cannot_be_postponed_come_again_by_themselves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    postpone([({"receiptHandle": "1", "eventSourceARN": QUEUE}, None)])

    assert "come again only after the queue's visibility timeout (" in caplog.text


def test_a_bucket_that_cannot_be_connected_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert connect.main(["heron-meadow", QUEUE]) == 1

    told = capsys.readouterr().err
    assert "heron-meadow is not connected (" in told
    assert "S3 could not be asked (" in told
    assert "check the network" in told


def test_a_bucket_that_cannot_be_found_ends_the_run() -> None:
    with pytest.raises(CannotWork, match="cannot find s3://heron-meadow: S3 could not be asked"):
        objects_of(parse(["s3://heron-meadow"]))


def test_an_inventory_that_cannot_be_read_ends_the_run() -> None:
    client = S3Clients(attempts=1).of_region("eu-west-2")

    with pytest.raises(CannotWork, match="cannot read s3://reports/m: S3 could not be asked"):
        Inventory(client, "reports", "m")
