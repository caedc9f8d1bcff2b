"""How the Cloud Storage adapter meets refusals, and what it keeps to itself."""

import logging
import math
import re
import traceback
from collections.abc import Callable

import pytest

from adapters.gcs_store import GcsStore
from tests.contract.conftest import (
    HEADERS,
    body_end,
    broken_off,
    content_of,
    finish,
    land,
    pieces,
)
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Drop, Fault, LoseAnswer, Request
from tests.servers.cloud_storage_rules import Refusal
from transfer.errors import LandfallError, Misconfigured, SourceUnavailable, TokenMoved, UploadLost
from transfer.store import ABSENT, STEP

DATA = content_of(4 * STEP + 7)
BODY = body_end(DATA)


class TestRefusals:
    def test_a_busy_service_is_asked_again(self, cloud: CloudStorage, gcs: GcsStore) -> None:
        landed = land(gcs, "name", b"data")
        cloud.fault("stat", Answer(503), times=2)

        assert gcs.stat("name") == landed
        assert cloud.requests["stat"] == 3

    def test_a_patch_whose_answer_was_lost_looks_like_another_worker(
        self, cloud: CloudStorage, gcs: GcsStore
    ) -> None:
        landed = land(gcs, "name", b"data")
        cloud.fault("patch", LoseAnswer())

        with pytest.raises(TokenMoved):
            gcs.patch("name", landed.token, {"mine": "yes"})

        there = gcs.stat("name")
        assert there is not None
        assert there.metadata == {"mine": "yes"}

    @pytest.mark.parametrize(
        ("kind", "call"),
        [
            ("stat", lambda gcs: gcs.stat("name")),
            ("create-session", lambda gcs: land(gcs, "name", DATA)),
            ("put", lambda gcs: land(gcs, "name", DATA)),
            ("finalise", lambda gcs: land(gcs, "name", DATA)),
            ("multipart", lambda gcs: land(gcs, "name", b"small")),
            ("patch", lambda gcs: gcs.patch("name", ABSENT, {})),
            ("permissions", lambda gcs: gcs.check()),
        ],
    )
    @pytest.mark.parametrize(
        ("status", "words"),
        [(403, r"landing.*roles/storage\.objectUser"), (401, r"Google credentials|objectUser")],
    )
    def test_a_forbidden_call_says_what_is_missing(
        self,
        cloud: CloudStorage,
        gcs: GcsStore,
        kind: str,
        call: Callable[[GcsStore], object],
        status: int,
        words: str,
    ) -> None:
        cloud.fault(kind, Answer(status), times=math.inf)

        with pytest.raises(Misconfigured, match=words):
            call(gcs)

    def test_a_check_tells_the_missing_permission(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with CloudStorage("landing", denied_permissions=["storage.objects.update"]) as cloud:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)

            with pytest.raises(
                Misconfigured, match=r"lacks storage\.objects\.update\..*objectUser"
            ):
                GcsStore("landing").check()


def test_no_text_betrays_the_session(
    cloud: CloudStorage, gcs: GcsStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upload = gcs.create("name", len(DATA), HEADERS, ABSENT)
    texts = [repr(upload), str(upload), repr(gcs)]

    def note(call: Callable[[], object]) -> None:
        try:
            texts.append(repr(call()))
        except (LandfallError, TokenMoved) as failure:
            texts.extend([repr(failure), *traceback.format_exception(failure)])

    cloud.fault("put", Drop(after_bytes=STEP))
    note(lambda: upload.send(pieces(DATA, 0, BODY), 0, BODY))
    note(lambda: upload.send(broken_off(DATA, STEP, SourceUnavailable("cut")), 0, BODY))
    note(lambda: upload.send(broken_off(DATA, STEP, SourceUnavailable("cut")), 0, BODY))
    for status in (400, 403, 410, 412, 503):
        cloud.fault("put", Answer(status))
        note(lambda: upload.send(pieces(DATA, 0, BODY), 0, BODY))
    for kind, call in (("status", upload.persisted), ("finalise", lambda: finish(upload, DATA))):
        cloud.fault(kind, Drop())
        cloud.fault("status", Answer(410))
        note(call)
    cloud.fault("cancel", Drop())
    note(upload.abort)
    cloud.close()
    note(lambda: upload.send(pieces(DATA, 0, BODY), 0, BODY))
    everything = "\n".join(texts + [record.getMessage() for record in caplog.records])

    assert len(texts) > 20
    assert not re.search(r"upload_id|uploadType|[0-9a-f]{32}", everything)


class Unreadable(Fault):
    """Processes the request, and answers 200 with something else than the object."""

    def after(self, request: Request) -> None:
        raise Refusal(200, "backendError", "not an object")


def test_a_success_that_cannot_be_read_is_left_to_the_destination(
    cloud: CloudStorage, gcs: GcsStore
) -> None:
    upload = gcs.create("name", len(DATA), HEADERS, ABSENT)
    upload.send(pieces(DATA, 0, BODY), 0, BODY)
    cloud.fault("finalise", Unreadable())

    with pytest.raises(UploadLost):
        finish(upload, DATA)

    assert gcs.stat("name") is not None
