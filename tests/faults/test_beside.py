"""Steps 5 and 8: what S3 says beside the bytes, where Cloud Storage takes less than S3 does."""

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, LARGE, NAME, Rig, body_of

FITTING = [
    "image/png",
    "text/html; charset=UTF-8",
    'multipart/mixed; boundary="a b"',
    "IMAGE/PNG",
    "text/plain, text/plain",
    "jpeg",
]
TYPES: dict[str, str | None] = {
    **{content_type: content_type for content_type in FITTING},
    "beyond ASCII in UTF-8": "text/größe".encode().decode("latin-1"),
    "beyond ASCII in Latin-1": "text/größe",
    "with a tab": "text/plain;\tcharset=utf-8",
    "long": "a/" + "b" * 2000,
    "empty": "",
    "none": None,
}
SIZES = {"small": 1000, "large": LARGE}


@pytest.mark.row("29b")
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("content_type", TYPES.values(), ids=TYPES)
def test_an_object_of_any_type_lands_under_a_type_that_fits(
    in_cloud: Rig, size: int, content_type: str | None
) -> None:
    body = body_of(size)
    in_cloud.s3.put(KEY, body, Content_Type=content_type)

    in_cloud.assert_heals(body)

    assert isinstance(in_cloud.place, CloudPlace)
    stored = in_cloud.place.cloud.objects[NAME]["contentType"]
    assert stored.isascii()
    assert stored.isprintable()
    if content_type in FITTING:
        assert stored == content_type


@pytest.mark.row("29b")
@pytest.mark.parametrize(("name", "value"), [("n" * 1025, "x"), ("a", "x" * 4097)])
def test_an_entry_of_metadata_that_is_too_long_costs_itself_alone(
    in_cloud: Rig, name: str, value: str
) -> None:
    body = body_of(1000)
    in_cloud.s3.put(KEY, body, **{f"x-amz-meta-{name}": value, "x-amz-meta-kept": "yes"})

    in_cloud.assert_heals(body)

    metadata = in_cloud.place.metadata(NAME)
    assert metadata is not None
    assert name not in metadata
    assert metadata["kept"] == "yes"


@pytest.mark.row("29b")
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_too_many_languages_cost_themselves_alone(in_cloud: Rig, size: int) -> None:
    body = body_of(size)
    in_cloud.s3.put(KEY, body, Content_Language="de, " * 40 + "en", Cache_Control="no-store")

    in_cloud.assert_heals(body)

    assert isinstance(in_cloud.place, CloudPlace)
    stored = in_cloud.place.cloud.objects[NAME]
    assert stored["cacheControl"] == "no-store"
    assert "contentLanguage" not in stored
