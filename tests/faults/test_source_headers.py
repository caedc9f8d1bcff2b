"""Step 4: what S3 says beside the bytes, and no store can hold, is left out. The object lands."""

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, LARGE, NAME, Rig, body_of

BODY = body_of(LARGE)
PREFIX = "x-amz-meta-"


def on_the_wire(text: str) -> str:
    """UTF-8, for a server that takes Latin-1."""
    return text.encode().decode("latin-1")


@pytest.mark.row("21b")
@pytest.mark.parametrize("entries", [95, 120, 1000])
def test_an_object_with_many_entries_of_metadata_lands_with_all_of_them(
    rig: Rig, entries: int, caplog: pytest.LogCaptureFixture
) -> None:
    said: dict[str, str | None] = {f"{PREFIX}{n}": "" for n in range(entries)}
    rig.s3.put(KEY, BODY, **said)

    rig.assert_heals(BODY)

    assert stored_entries(rig) == {str(n): "" for n in range(entries)}
    assert "lands without" not in caplog.text


UNFIT: dict[str, dict[str, str | None]] = {
    "a name in UTF-8": {on_the_wire(f"{PREFIX}größe"): "1"},
    "a name in Latin-1": {f"{PREFIX}gr\xf6\xdfe": "1"},
    "no name": {PREFIX: "1"},
    "a name with space": {f"{PREFIX}a b": "1"},
    "a name with a slash": {f"{PREFIX}v1.a/b": "1"},
    "a control character": {f"{PREFIX}a": "\x01"},
    "a NUL": {f"{PREFIX}a": "\0"},
    "too large an entry": {f"{PREFIX}a": 9000 * "v"},
    "a strange type": {"Content-Type": "image/\x01png"},
    "a strange language": {"Content-Language": "d\x7fe"},
    "too long a disposition": {"Content-Disposition": 9000 * "d"},
    "entries that S3 left out": {"x-amz-missing-meta": "2"},
}


@pytest.mark.row("21b")
@pytest.mark.parametrize("said", UNFIT.values(), ids=UNFIT)
def test_a_header_that_cannot_be_kept_costs_itself_alone(
    rig: Rig, said: dict[str, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    rig.s3.put(KEY, BODY, **{f"{PREFIX}kept": "yes", "Cache-Control": "no-store"}, **said)

    rig.assert_heals(BODY)

    assert stored_entries(rig) == {"kept": "yes"}
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "lands without" in warnings[0]


@pytest.mark.row("21b")
def test_headers_beyond_ascii_land_as_text(in_cloud: Rig, cloud: CloudPlace) -> None:
    said: dict[str, str | None] = {
        "Cache-Control": on_the_wire('a="größe"'),
        "Content-Language": on_the_wire("größe"),
        "Content-Disposition": on_the_wire('inline; filename="größe"'),
        f"{PREFIX}a": "=?UTF-8?Q?Mini=C3=83=C2=B6?=",
        f"{PREFIX}b": on_the_wire("größe"),
        f"{PREFIX}c": "=?UTF-8?B?!!!!?=",
    }
    in_cloud.s3.put(KEY, BODY, **said)

    in_cloud.assert_heals(BODY)

    assert stored_entries(in_cloud) == {"a": "Miniö", "b": "größe", "c": "=?UTF-8?B?!!!!?="}
    headers = cloud.store.stat(NAME).headers  # type: ignore[union-attr]
    assert headers.cache_control == 'a="größe"'
    assert headers.content_language == "größe"
    assert headers.content_disposition == 'inline; filename="größe"'


def stored_entries(rig: Rig) -> dict[str, str]:
    """What is recorded with the object, but for the record of the landing."""
    metadata = rig.place.metadata(NAME) or {}
    return {name: v for name, v in metadata.items() if not name.startswith(("s3-", "landfall-"))}
