"""Which messages are landed and which only compared, and how many of each at once."""

import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.process_message import MessageHandlers
from handlers.spec import Operation
from tests.unit.transfer.house import A, House, new_house
from tests.unit.transfer.test_presigned_url import LISTED
from tests.unit.whole_app import MESSAGE
from transfer.admission import COMPARISONS, Admission
from transfer.api_keys import ApiKey
from transfer.comparing import Comparing
from transfer.errors import NotifyUnavailable
from transfer.object_name import ObjectName
from transfer.pauses import Pauses
from transfer.rate_limit import RateLimit
from transfer.s3_hosts import PUBLIC_PARTITIONS

API_KEY = ApiKey("lambda", hashlib.sha256(b"canary").digest())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path / "bucket")


@pytest.fixture
def admission() -> Admission:
    return Admission(1)


@pytest.fixture
def client(house: House, admission: Admission) -> FlaskClient:
    operations = [Operation("land", "POST", "/processmessage", "x-api-key")]
    handlers = MessageHandlers(
        house.landing(),
        Comparing(house.store, ObjectName("{bucket}/{key}"), 10**9),
        admission,
        RateLimit(4),
        Pauses(),
        ["*"],
        {LISTED},
        PUBLIC_PARTITIONS,
    )
    check = CallerCheck(operations, lambda: [API_KEY])
    return create_app(operations, {"land": handlers.process_message}, check).test_client()


def send(client: FlaskClient, **beside: object) -> tuple[int, Any]:
    body = {"inputMessage": MESSAGE, **beside}
    answer = client.post("/processmessage", json=body, headers={"x-api-key": "canary"})
    return answer.status_code, answer.get_json()


def reason_of(answer: tuple[int, Any]) -> str:
    reason: str = answer[1]["error"]["details"][0]["reason"]
    return reason


def test_only_a_true_validate_only_keeps_a_message_from_landing(client: FlaskClient) -> None:
    found = [
        send(client, validateOnly=True)[1]["status"],
        send(client, validateOnly=False)[1]["status"],
        send(client)[1]["status"],
        send(client, validateOnly=True)[1]["status"],
    ]

    assert found == ["missing", "landed", "already-landed", "landed"]


def test_what_landed_unannounced_is_told_by_a_notification_of_null(
    client: FlaskClient, house: House
) -> None:
    house.topic.failures = [NotifyUnavailable("down")]
    assert reason_of(send(client)) == "NOTIFY_UNAVAILABLE"

    status, answer = send(client, validateOnly=True)

    assert (status, answer["status"], answer["notification"]) == (200, "landed", None)
    assert answer["object"]["size"] == len(A)
    assert send(client)[1]["notification"] == {"messageId": "message-1"}


def test_transfers_do_not_keep_comparisons_out(client: FlaskClient, admission: Admission) -> None:
    with admission.transfer("lambda"):
        assert send(client, validateOnly=True)[0] == 200
        assert reason_of(send(client)) == "OVERLOADED"


def test_comparisons_are_bounded_too(client: FlaskClient, admission: Admission) -> None:
    with ExitStack() as running:
        for n in range(1 + COMPARISONS):
            running.enter_context(admission.comparison(f"key-{n}"))
        assert reason_of(send(client, validateOnly=True)) == "OVERLOADED"


def test_comparisons_count_as_messages_of_the_key(client: FlaskClient) -> None:
    for _ in range(4):
        assert send(client, validateOnly=True)[0] == 200

    assert reason_of(send(client, validateOnly=True)) == "RATE_LIMITED"
