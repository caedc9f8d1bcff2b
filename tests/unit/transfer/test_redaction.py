"""The last net: what reaches a log record is blotted out there."""

import io
import logging

import pytest

from transfer.redaction import RedactingFormatter, redact

CANARY = "canary5d1f%2F+=="


@pytest.mark.parametrize(
    "text",
    [
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={CANARY}&versionId=3",
        f"/k?x-amz-credential={CANARY}",
        f"?X-Amz-Security-Token={CANARY}",
        f"/k?AWSAccessKeyId={CANARY}&Expires=1",
        f"/k?Expires=1&Signature={CANARY}",
        f"PUT /upload/storage/v1/b/x/o?uploadType=resumable&upload_id={CANARY}",
        f"POST /processmessage?key={CANARY} HTTP/1.1",
        f"/?a=1&api_key={CANARY}",
        f"x-api-key: {CANARY}",
        f"{{'x-api-key': '{CANARY}'}}",
        f"Authorization: Bearer {CANARY}",
        f"Proxy-Authorization: Basic {CANARY}",
        f"?access_token={CANARY}",
        f'{{"access_token": "{CANARY}"}}',
        f"/?url=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3D{CANARY}",
        f"/?url=%2Fo%3Fa%3D1%26upload_id%3D{CANARY}",
        f"{{b'x-api-key': b'{CANARY}'}}",
        f'{{\\"x-api-key\\": \\"{CANARY}\\"}}',
        f"[('X-Api-Key', '{CANARY}')]",
        f"{{'HTTP_X_API_KEY': '{CANARY}'}}",
        f"[('authorization', 'Bearer {CANARY}')]",
        f"[(b'authorization', b'Bearer {CANARY}')]",
        f"_Metadatum(key='authorization', value='Bearer {CANARY}')",
    ],
)
def test_a_secret_is_blotted_out(text: str) -> None:
    assert "canary" not in redact(text)
    assert "[redacted]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "landed s3://b/a.txt",
        "monkey=3",
        "X-Amz-Expires=3600",
        "the key lambda",
        "?keys=3",
        "a key, or authorization, is missing",
        "send it in x-api-key, please",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_arguments_and_tracebacks_are_redacted_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    log = logging.getLogger("test of redaction")
    log.propagate = False
    log.addHandler(handler)

    try:
        raise ValueError(f"https://x/?X-Amz-Signature={CANARY}")
    except ValueError as error:
        log.error("failed for %s", f"?upload_id={CANARY}", exc_info=error)

    assert "Traceback" in stream.getvalue()
    assert "canary" not in stream.getvalue()
