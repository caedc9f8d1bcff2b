"""Which keys are refused together, since the objects of one could take the place of another's."""

from datetime import UTC, datetime

import pytest

from tests.contract.conftest import land
from tests.unit.transfer.house import House
from transfer.api_keys import ApiKey
from transfer.object_name import ObjectName
from transfer.store import ObjectHeaders
from transfer.tenants import check_kept_apart, may_see

AWS, MINIO = "aws", "https://minio.example"
ALL = frozenset({AWS, MINIO})
TWO = "{bucket}/{key}"


def key(number: int, *buckets: str, origins: set[str] | None = None, **fields: object) -> ApiKey:
    named = None if origins is None else frozenset(origins)
    digest = bytes([number] * 32)
    return ApiKey(f"key-{number}", digest, buckets or ("*",), origins=named, **fields)  # type: ignore[arg-type]


def check(*keys: ApiKey, template: str = "{key}", source: tuple[str, ...] = ("*",)) -> None:
    check_kept_apart(keys, source, ALL, ObjectName(template))


@pytest.mark.parametrize("template", ["{key}", "{bucket}-{key}", TWO])
@pytest.mark.parametrize(
    "keys",
    [
        (key(1),),
        (key(1, "images-*"),),
        (key(1), key(2)),
        (key(1, "a", "b-*"), key(2, "b-*", "a")),
        (key(1), key(2, "images-*", "*")),
        (key(1, origins={AWS}), key(2, origins={AWS})),
        (key(1), key(2, origins={AWS, MINIO})),
    ],
)
def test_keys_that_may_land_the_same_take_any_template(
    keys: tuple[ApiKey, ...], template: str
) -> None:
    check(*keys, template=template)


@pytest.mark.parametrize(
    "keys",
    [
        (key(1, "a"), key(2, "b")),
        (key(1), key(2, "images-*")),
        (key(1, "a", "b"), key(2, "b")),
        (key(1), key(2), key(3, "b")),
        (key(1), key(2, "b", disabled=True)),
        (key(1), key(2, "b", expires=datetime(2020, 1, 1, tzinfo=UTC))),
        (key(1, "a", origins={AWS}), key(2, "b", origins={MINIO})),
    ],
)
def test_keys_that_differ_in_buckets_need_a_template_that_keeps_buckets_apart(
    keys: tuple[ApiKey, ...],
) -> None:
    for template in ("{key}", "{bucket}-{key}", "{key}-{bucket}"):
        with pytest.raises(
            ValueError, match=r"key-\d differ in buckets.*OBJECT_NAME with {bucket}/"
        ):
            check(*keys, template=template)

    check(*keys, template=TWO)
    check(*keys, template="{key}/{bucket}")


def test_what_the_service_takes_decides_where_it_is_a_list() -> None:
    check(key(1), key(2, "images", "x"), source=("images",))
    check(key(1), key(2, "images", "models"), source=("models", "images"))
    check(key(1), key(2, "nothing-of-it"), source=("images",))
    with pytest.raises(ValueError, match="differ in buckets"):
        check(key(1), key(2, "images"), source=("images", "models"))
    with pytest.raises(ValueError, match="differ in buckets"):
        check(key(1), key(2, "images"), source=("image?",))


@pytest.mark.parametrize("template", ["{key}", TWO])
@pytest.mark.parametrize(
    "keys",
    [
        (key(1, origins={AWS}), key(2, origins={MINIO})),
        (key(1), key(2, origins={AWS})),
        (key(1, "images-*"), key(2, "*-prod", origins={AWS})),
        (key(1, "a", "b", origins={AWS, MINIO}), key(2, "b", "c", origins={AWS})),
    ],
)
def test_keys_that_differ_in_origins_must_not_have_a_bucket_in_common(
    keys: tuple[ApiKey, ...], template: str
) -> None:
    with pytest.raises(ValueError, match=r"keys key-1 and key-2 differ in origins.*same origins"):
        check(*keys, template=template)


def test_keys_of_different_origins_and_different_buckets_are_taken() -> None:
    check(key(1, "a-*", origins={AWS}), key(2, "b-*", origins={MINIO}), template=TWO)


def test_an_origin_that_the_service_does_not_take_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"key-1 names origins .* not take: aws-cn; correct them"):
        check(key(1, origins={AWS, "aws-cn"}), template=TWO)


@pytest.mark.parametrize(
    ("record", "of", "seen"),
    [
        ({}, key(1, "images", origins={AWS}), True),
        ({"s3-bucket": "images", "s3-origin": AWS}, key(1), True),
        ({"s3-bucket": "images", "s3-origin": AWS}, key(1, "im*", origins={AWS}), True),
        ({"s3-bucket": "images"}, key(1, "images", origins={AWS}), True),
        ({"s3-bucket": "images", "s3-origin": AWS}, key(1, "models"), False),
        ({"s3-bucket": "images", "s3-origin": AWS}, key(1, "images", origins={MINIO}), False),
        ({"s3-bucket": "images"}, key(1, "models"), False),
    ],
)
def test_a_key_sees_what_it_may_land_and_what_nobody_landed(
    house: House, record: dict[str, str], of: ApiKey, *, seen: bool
) -> None:
    there = land(house.store, "a", b"bytes", headers=ObjectHeaders(metadata=record))

    assert may_see(of, there) is seen
