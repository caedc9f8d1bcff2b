"""Under which name an object lands, and which names are refused."""

import dataclasses
import random
import re
from itertools import product

import pytest

from tests.fakes import message_for
from tests.odd_keys import ODD_KEYS, REFUSED_KEYS
from transfer.errors import InvalidMessage, UrlRefused
from transfer.message import Message
from transfer.object_name import ObjectName
from transfer.s3_object import S3Object


def message(key: str = "a/b.bin", version_id: str | None = None, **fields: str) -> Message:
    plain = message_for(b"", key, **fields)
    return dataclasses.replace(plain, url=dataclasses.replace(plain.url, version_id=version_id))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{bucket}/{key}", "source/a/b.bin"),
        ("{key}", "a/b.bin"),
        ("{key}@{bucket}", "a/b.bin@source"),
        ("landed/{key}", "landed/a/b.bin"),
        ("{{{key}}}", "{a/b.bin}"),
        ("{key}{key}", "a/b.bina/b.bin"),
        ("größe/{key}", "größe/a/b.bin"),
    ],
)
def test_a_template_is_filled_in(template: str, name: str) -> None:
    assert ObjectName(template).of(message()) == name


@pytest.mark.parametrize(
    "key",
    ["{bucket}", "{key}", "{0}", "{", "%s", "a//b", "/a", "a/", "../a", "ü", "u\u0308", "🪶", " "],
)
def test_a_key_is_kept_as_it_is(key: str) -> None:
    assert ObjectName("{bucket}/{key}").of(message(key)) == f"source/{key}"


@pytest.mark.parametrize("template", ["{bucket}/{key}", "{key}", "landed/{key}"])
@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
def test_a_key_of_control_characters_is_a_name_too(key: str, template: str) -> None:
    assert ObjectName(template).of(message(key)) == template.format(bucket="source", key=key)


@pytest.mark.parametrize("template", ["{bucket}/{key}", "{key}"])
@pytest.mark.parametrize("key", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_line_end_is_refused_and_the_refusal_knows_a_way_out(key: str, template: str) -> None:
    with pytest.raises(InvalidMessage, match="carriage return or a line feed; copy the object"):
        ObjectName(template).of(message(key))
    with pytest.raises(InvalidMessage, match="carriage return or a line feed; copy the object"):
        ObjectName(template).of_object(S3Object("source", key))


@pytest.mark.parametrize(
    "template",
    [
        ".landfall/{key}",
        "{bucket}\n{key}",
        "{bucket}\r{key}",
        "",
        "landed",
        "{bucket}",
        "{bucket}/{version_id}",
        "{key",
        "key}",
        "{}/{key}",
        "{0}/{key}",
        "{key.__class__}",
        "{key[0]}",
        "{key!r}",
        "{key}/{bucket!r}",
        "{key}/{",
        "{key:>10}",
        "{key:{bucket}}",
        "{region}/{key}",
        "{Key}",
    ],
)
def test_a_template_that_cannot_work_is_refused_in_words(template: str) -> None:
    with pytest.raises(ValueError, match=r"^it "):
        ObjectName(template)


def test_a_pinned_version_needs_a_place_in_the_template() -> None:
    with pytest.raises(UrlRefused, match="without a VersionId"):
        ObjectName("{bucket}/{key}").of(message(version_id="v1"))


def test_a_place_for_the_version_needs_a_pinned_version() -> None:
    with pytest.raises(UrlRefused, match="with a VersionId"):
        ObjectName("{key}@{version_id}").of(message())


def test_the_version_of_the_url_gets_into_the_name() -> None:
    assert ObjectName("{key}@{version_id}").of(message(version_id="v1")) == "a/b.bin@v1"


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("k" * 1017, True),
        ("k" * 1018, False),
        ("é" * 508, True),
        ("é" * 509, False),
    ],
)
def test_a_name_has_at_most_1024_bytes_and_the_refusal_knows_a_way_out(
    key: str, *, fits: bool
) -> None:
    name = ObjectName("{bucket}/{key}")  # `source/` takes seven

    if fits:
        assert name.of(message(key)) == f"source/{key}"
    else:
        with pytest.raises(InvalidMessage, match=r"OBJECT_NAME=\{key\} every .* That is safe only"):
            name.of(message(key))


APART = [
    "{bucket}/{key}",
    "landed/{bucket}/{key}",
    "x-{bucket}-y/{key}",
    "{bucket}/{key}@{version_id}",
    "{bucket}/{version_id}/{key}",
    "{key}/{bucket}",
    "{key}/from-{bucket}.bin",
    "{key}/{bucket}/data",
    "{{{bucket}}}/{key}",
    "{bucket}/{key}/{bucket}",
    "{bucket}/{key}{bucket}",
    "{key}@{bucket}",
    "{bucket}:{key}",
    "{key}-x@-{bucket}",
]
MEETING = [
    "{key}",
    "landed/{key}",
    "{bucket}-{key}",
    "{key}-{bucket}",
    "{key}-x@y{version_id}-{bucket}",
    "{bucket}{key}",
    "{bucket}{version_id}/{key}",
    "{version_id}{bucket}/{key}",
    "{key}/{bucket}{version_id}",
    "{key}/{bucket}/{version_id}",
    "{version_id}/{bucket}/{key}",
]
BUCKETS = ["".join(name) for size in (1, 2, 3) for name in product("a-", repeat=size)]
CHOSEN = ["".join(text) for size in (1, 2, 3) for text in product("a-/@", repeat=size)]


def buckets_meet(template: str) -> bool:
    """Whether two buckets have one name, of all short buckets, keys and versions."""
    bucket_of: dict[str, str] = {}
    versions = ["a", "-", "aa", "a-a", "a/a", "-/a"] if "{version_id}" in template else [""]
    for bucket, key, version in product(BUCKETS, CHOSEN, versions):
        name = template.format(bucket=bucket, key=key, version_id=version)
        if bucket_of.setdefault(name, bucket) != bucket:
            return True
    return False


@pytest.mark.parametrize("template", APART)
def test_a_template_with_the_bucket_in_a_place_of_its_own_keeps_buckets_apart(
    template: str,
) -> None:
    assert ObjectName(template).keeps_buckets_apart
    assert not buckets_meet(template)


@pytest.mark.parametrize("template", MEETING)
def test_any_other_template_lets_buckets_meet(template: str) -> None:
    assert not ObjectName(template).keeps_buckets_apart
    assert buckets_meet(template)


@pytest.mark.parametrize(
    "text", [*(chr(code) for code in range(1, 128) if chr(code) not in "\r\n"), "\xe9", "\u2044"]
)
def test_only_what_no_bucket_holds_ends_a_bucket(text: str) -> None:
    told, ends = text * 2 if text in "{}" else text, not re.fullmatch("[A-Za-z0-9._-]", text)

    for template in (f"{{bucket}}{told}{{key}}", f"{{key}}{told}{{bucket}}"):
        assert ObjectName(template).keeps_buckets_apart is ends
    for template in (f"{{bucket}}{told}/{{key}}", f"{{key}}/{told}{{bucket}}{told}"):
        assert ObjectName(template).keeps_buckets_apart


def test_no_template_that_is_said_to_keep_buckets_apart_lets_them_meet() -> None:
    """Any order of fields and text. What is refused may be safe; what is taken must be."""
    draw = random.Random(7)
    pieces = ["{bucket}", "{key}", "{version_id}", "/", "@", "-", "a", "\0"]
    drawn = {"".join(draw.choices(pieces, k=draw.randint(2, 6))) for _ in range(6000)}
    named = [ObjectName(template) for template in sorted(drawn) if "{key}" in template]
    apart = [template for template in named if template.keeps_buckets_apart]

    assert len(apart) > 100
    for name in draw.sample(apart, 40):
        assert not buckets_meet(name._template), name._template  # noqa: SLF001 - to show it


def test_the_longest_key_fits_without_the_bucket() -> None:
    assert ObjectName("{key}").of(message("k" * 1024)) == "k" * 1024


@pytest.mark.parametrize(
    "key",
    [
        ".landfall/records/x",
        ".landfall/",
        ".",
        "..",
        ".well-known/acme-challenge/x",
    ],
)
def test_a_reserved_name_is_refused(key: str) -> None:
    with pytest.raises(InvalidMessage):
        ObjectName("{key}").of(message(key))
    assert ObjectName("{bucket}/{key}").of(message(key)) == f"source/{key}"


@pytest.mark.parametrize(
    "key",
    [
        ".landfall",
        "landfall/x",
        ".landfallx/y",
        "a/.landfall/x",
        "...",
        ".well-known/acme-challenges/x",
        "a/.well-known/acme-challenge/x",
    ],
)
def test_a_name_beside_the_reserved_ones_is_free(key: str) -> None:
    assert ObjectName("{key}").of(message(key)) == key


def test_a_bucket_named_like_the_reserved_prefix_gets_nowhere() -> None:
    with pytest.raises(InvalidMessage):
        ObjectName("{bucket}/{key}").of(message(bucket=".landfall"))


@pytest.mark.parametrize(
    ("template", "version_id", "name"),
    [("{bucket}/{key}", None, "source/a/b.bin"), ("{key}@{version_id}", "v1", "a/b.bin@v1")],
)
def test_a_question_has_the_name_of_the_objects_message(
    template: str, version_id: str | None, name: str
) -> None:
    asked = S3Object("source", "a/b.bin", version_id)

    assert ObjectName(template).of_object(asked) == name
    assert ObjectName(template).of(message(version_id=version_id)) == name
    assert ObjectName(template).is_pinned is (version_id is not None)


def test_a_question_names_a_version_if_and_only_if_each_has_its_place() -> None:
    with pytest.raises(InvalidMessage, match="versionId is missing"):
        ObjectName("{key}@{version_id}").of_object(S3Object("source", "a"))
    with pytest.raises(InvalidMessage, match="ask without versionId"):
        ObjectName("{key}").of_object(S3Object("source", "a", "v1"))


def test_a_question_for_a_reserved_name_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="reserved"):
        ObjectName("{key}").of_object(S3Object("source", ".landfall/a"))
