"""Any step: Cloud Storage refuses and says why, which decides the answer and its words."""

import http.client
import json
import logging
import math
from contextlib import closing
from typing import Any

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import API_KEY, BUCKET, KEY, LARGE, Rig, body_of
from tests.refusals import INVALID, MISCONFIGURED, PASSES, Told
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer
from transfer.errors import StoreUnavailable
from transfer.reconciling import Reconciler

BODY, SMALL = body_of(LARGE), body_of(1000)
NO_CONDITION = Answer(412, "At least one of the pre-conditions did not hold.", "conditionNotMet")
POLICY = MISCONFIGURED["organization policy, as a condition"]


@pytest.fixture
def server(cloud: CloudPlace) -> CloudStorage:
    return cloud.cloud


def ask(rig: Rig, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", "x-api-key": API_KEY}
    with closing(http.client.HTTPConnection("127.0.0.1", rig.port, timeout=30)) as connection:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        read = json.loads(answer.read())
    if answer.status == 200:
        return 200, read["status"]
    return answer.status, read["error"]["details"][0]["reason"]


def every_question(rig: Rig) -> set[tuple[int, str]]:
    """What only looks at the destination, or begins with that."""
    s3_object = {"bucket": BUCKET, "key": KEY}
    compared = {**json.loads(rig.message()), "validateOnly": True}
    return {
        rig.send().outcome,
        ask(rig, "POST", "/processmessage", compared),
        ask(rig, "GET", f"/objects?bucket={BUCKET}&key=herons/a%20b.png"),
        ask(rig, "POST", "/objects:announce", s3_object),
    }


@pytest.mark.row("9b")
@pytest.mark.parametrize("case", MISCONFIGURED.values(), ids=MISCONFIGURED)
@pytest.mark.parametrize("kind", ["stat", "finalise"])
def test_what_an_operator_must_mend_is_500_and_the_log_says_how(
    in_cloud: Rig, server: CloudStorage, kind: str, case: Told, caplog: pytest.LogCaptureFixture
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault(kind, case.fault(), times=math.inf)

    assert in_cloud.send().outcome == (500, "MISCONFIGURED")

    [line] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    with pytest.raises(AssertionError, match=case.words):
        raise AssertionError(line.getMessage())
    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(BODY)


@pytest.mark.row("8")
@pytest.mark.parametrize("case", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("kind", ["stat", "create-session", "put", "finalise", "multipart"])
def test_what_passes_costs_a_try_and_no_repeat(
    in_cloud: Rig, server: CloudStorage, kind: str, case: Told
) -> None:
    body = SMALL if kind == "multipart" else BODY
    in_cloud.s3.put(KEY, body)
    server.fault(kind, case.fault())

    assert in_cloud.send().outcome == (200, "landed")

    assert len(server.session_ids) == (0 if kind == "multipart" else 1)
    in_cloud.assert_landed(body)


@pytest.mark.row("29")
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_question_for_the_state_that_may_pass_loses_no_byte(
    in_cloud: Rig, server: CloudStorage, status: int
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault("put", Answer(503))
    server.fault("status", Answer(status), times=2)

    assert in_cloud.send().outcome == (200, "landed")

    assert server.requests["create-session"] == 1
    in_cloud.assert_landed(BODY)


@pytest.mark.row("31b")
@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize(("kind", "body"), [("multipart", SMALL), ("finalise", BODY)])
def test_what_is_not_about_the_checksum_is_not_said_to_be(
    in_cloud: Rig,
    server: CloudStorage,
    kind: str,
    body: bytes,
    case: Told,
    caplog: pytest.LogCaptureFixture,
) -> None:
    in_cloud.s3.put(KEY, body)
    server.fault(kind, case.fault())

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    assert "checksum" not in caplog.text
    assert f"Cloud Storage answered {case.words}" in caplog.text
    in_cloud.assert_nothing_happened()
    in_cloud.assert_heals(body)


@pytest.mark.row("9c")
def test_a_412_without_a_condition_is_an_answer_to_come_back(
    in_cloud: Rig, server: CloudStorage, cloud: CloudPlace
) -> None:
    in_cloud.s3.put(KEY, SMALL)
    for kind in ("stat", "list"):
        server.fault(kind, NO_CONDITION, times=math.inf)

    assert every_question(in_cloud) == {(503, "STORE_UNAVAILABLE")}

    with pytest.raises(StoreUnavailable, match="412"):
        Reconciler(cloud.store, cloud.topic).walk()  # type: ignore[arg-type]
    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(SMALL)


@pytest.mark.row("9c")
def test_a_412_of_an_organization_policy_is_an_operators_matter(
    in_cloud: Rig, server: CloudStorage, caplog: pytest.LogCaptureFixture
) -> None:
    in_cloud.s3.put(KEY, SMALL)
    server.fault("stat", POLICY.fault(), times=math.inf)

    assert every_question(in_cloud) == {(500, "MISCONFIGURED")}

    assert POLICY.words in caplog.text
    server.clear_faults()
    in_cloud.assert_heals(SMALL)
