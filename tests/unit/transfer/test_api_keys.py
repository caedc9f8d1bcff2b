"""Who is let in: keys by their digests, alive or not, and the buckets each may land."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from transfer.api_keys import MAX_KEYS, ApiKey, check_bucket, find_api_key, parse_api_keys
from transfer.errors import BucketNotAllowed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = "canary-api-key-5d1f"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def entry(**changed: object) -> dict[str, Any]:
    return {"name": "lambda", "sha256": digest(SECRET)} | changed


def parse(*entries: object) -> tuple[ApiKey, ...]:
    return parse_api_keys(json.dumps(entries))


def test_a_name_and_a_digest_are_enough() -> None:
    assert parse(entry()) == (ApiKey("lambda", bytes.fromhex(digest(SECRET)), ("*",), None),)


def test_buckets_and_an_end_may_be_given() -> None:
    [key] = parse(entry(buckets=["images-*", "models"], expires="2027-01-01T00:00:00Z"))

    assert key.buckets == ("images-*", "models")
    assert key.expires == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["a", "Lambda-2_eu.west", 64 * "x"])
def test_a_name_is_of_letters_digits_dots_dashes_and_lines(name: str) -> None:
    assert parse(entry(name=name))[0].name == name


def test_a_digest_may_be_in_capitals() -> None:
    assert parse(entry(sha256=digest(SECRET).upper())) == parse(entry())


def test_twenty_keys_may_live_at_once() -> None:
    entries = [entry(name=name, sha256=digest(name)) for name in map(str, range(MAX_KEYS))]

    assert len(parse(*entries)) == MAX_KEYS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (f"{SECRET}", "not JSON"),
        ("{}", "list of 1 to 20"),
        ("[]", "list of 1 to 20"),
        ("null", "list of 1 to 20"),
        (f'"{SECRET}"', "list of 1 to 20"),
        (json.dumps([entry(name=str(n)) for n in range(21)]), "list of 1 to 20"),
        (json.dumps([SECRET]), "entry 1 is not an object"),
        (json.dumps([entry(), None]), "entry 2 is not an object"),
        (json.dumps([entry(), entry()]), "two keys have one name"),
        (json.dumps([entry(), entry(name="twin")]), "two names have one key"),
        (json.dumps([entry(disabled="false")]), "entry 1: disabled"),
        (json.dumps([entry(disabled=0)]), "entry 1: disabled"),
        (json.dumps([entry(key=SECRET)]), "entry 1 has unknown fields: key"),
        (json.dumps([entry(bucket=["a"])]), "entry 1 has unknown fields: bucket"),
        (json.dumps([{"sha256": digest(SECRET)}]), "entry 1 needs a name"),
        (json.dumps([entry(name="")]), "entry 1 needs a name"),
        (json.dumps([entry(name=7)]), "entry 1 needs a name"),
        (json.dumps([entry(name="a b")]), "entry 1 needs a name"),
        (json.dumps([entry(name="a\nb")]), "entry 1 needs a name"),
        (json.dumps([entry(name="é")]), "entry 1 needs a name"),
        (json.dumps([entry(name="a" * 65)]), "entry 1 needs a name"),
        (json.dumps([{"name": "lambda"}]), "entry 1 needs sha256"),
        (json.dumps([entry(sha256=SECRET)]), "entry 1 needs sha256"),
        (json.dumps([entry(sha256=digest(SECRET)[1:])]), "entry 1 needs sha256"),
        (json.dumps([entry(sha256=digest(SECRET) + "\n")]), "entry 1 needs sha256"),
        (json.dumps([entry(sha256="g" * 64)]), "entry 1 needs sha256"),
        (json.dumps([entry(sha256=7)]), "entry 1 needs sha256"),
        (json.dumps([entry(buckets="images")]), "entry 1: buckets"),
        (json.dumps([entry(buckets=[""])]), "entry 1: buckets"),
        (json.dumps([entry(buckets=[1])]), "entry 1: buckets"),
        (json.dumps([entry(origins="aws")]), "entry 1: origins"),
        (json.dumps([entry(origins=[])]), "entry 1: origins"),
        (json.dumps([entry(origins=None)]), "entry 1: origins"),
        (json.dumps([entry(origins=[None])]), "entry 1: origins"),
        (json.dumps([entry(origins=["AWS"])]), "entry 1: origins"),
        (json.dumps([entry(origins=["aws", "minio"])]), "entry 1: origins"),
        (json.dumps([entry(origins=["https://minio.example/"])]), "entry 1: origins"),
        (json.dumps([entry(origins=[f"https://{SECRET}@minio"])]), "entry 1: origins"),
        (json.dumps([entry(expires="soon")]), "entry 1: expires"),
        (json.dumps([entry(expires="2027-01-01")]), "entry 1: expires"),
        (json.dumps([entry(expires="2027-01-01T00:00:00")]), "entry 1: expires"),
        (json.dumps([entry(expires=1798761600)]), "entry 1: expires"),
        (json.dumps([entry(expires=True)]), "entry 1: expires"),
    ],
)
def test_a_wrong_list_is_refused_without_showing_keys(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refusal:
        parse_api_keys(text)

    assert SECRET not in str(refusal.value)
    assert digest(SECRET) not in str(refusal.value)


def test_the_key_that_was_presented_is_found() -> None:
    keys = parse(entry(), entry(name="other", sha256=digest("other")))

    found = [find_api_key(keys, presented) for presented in (SECRET, "other")]

    assert found == list(keys)


def test_a_key_may_be_for_some_origins_only() -> None:
    origins = ["aws", "https://minio.example:443", "https://s3.cn-north-1.amazonaws.com.cn"]

    [key] = parse(entry(origins=origins))

    assert key.origins == frozenset({"aws", "https://minio.example", "aws-cn"})
    check_bucket("images", {"aws"}, ["*"], key)
    check_bucket("images", {"aws", "aws-cn"}, ["*"], key)
    check_bucket("images", None, ["*"], key)
    words = "may land buckets of aws, aws-cn, https://minio.example only, not of http://o; see its"
    with pytest.raises(BucketNotAllowed, match=words):
        check_bucket("images", {"http://o"}, ["*"], key)
    with pytest.raises(BucketNotAllowed, match="aws-us-gov"):
        check_bucket("images", {"aws", "aws-us-gov"}, ["*"], key)


def test_a_key_without_origins_is_for_all_of_them() -> None:
    check_bucket("images", {"https://minio.example"}, ["*"], parse(entry())[0])


def test_an_old_and_a_new_key_live_side_by_side() -> None:
    keys = parse(entry(expires="2026-12-01T00:00:00Z"), entry(name="new", sha256=digest("new")))

    assert find_api_key(keys, SECRET) == keys[0]
    assert find_api_key(keys, "new") == keys[1]


@pytest.mark.parametrize(
    "presented",
    [
        "",
        SECRET[:-1],
        SECRET + "x",
        SECRET.upper(),
        f" {SECRET}",
        f"{SECRET}\n",
        f"{SECRET},{SECRET}",
        f"{SECRET}, {SECRET}",
        digest(SECRET),
        "é",
        "雪",
        "\udcff",
        "\x00",
        "x" * 100_000,
    ],
)
def test_anything_else_is_nobodys_key(presented: str) -> None:
    assert find_api_key(parse(entry()), presented) is None


@pytest.mark.parametrize(
    ("expires", "alive"),
    [
        (NOW + timedelta(microseconds=1), True),
        (NOW, False),
        (NOW - timedelta(days=1), False),
        ((NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-8))), True),
        ((NOW - timedelta(hours=1)).astimezone(timezone(timedelta(hours=8))), False),
    ],
)
def test_a_key_lives_until_it_expires(expires: datetime, *, alive: bool) -> None:
    keys = parse(entry(expires=expires.isoformat()))

    assert (keys[0].why_refused(NOW) is None) is alive


def test_a_key_may_have_expired_at_the_beginning_of_time() -> None:
    [key] = parse(entry(expires="0001-01-01T00:00:00+01:00"))

    assert key.why_refused(NOW) == "expired at 0001-01-01T00:00:00+01:00"


def test_a_key_may_be_disabled_and_is_still_known() -> None:
    keys = parse(entry(disabled=True), entry(name="new", sha256=digest("new"), disabled=False))

    assert find_api_key(keys, SECRET) == keys[0]
    assert [key.why_refused(NOW) for key in keys] == ["is disabled", None]


@pytest.mark.parametrize(
    ("bucket", "service", "key"),
    [
        ("images-prod", ["*"], ["*"]),
        ("images-prod", ["images-*"], ["*"]),
        ("images-prod", ["models", "images-*"], ["images-pro?"]),
        ("images-prod", ["images-prod"], ["images-prod"]),
    ],
)
def test_a_bucket_on_both_lists_is_allowed(bucket: str, service: list[str], key: list[str]) -> None:
    check_bucket(bucket, None, service, parse(entry(buckets=key))[0])


@pytest.mark.parametrize(
    ("bucket", "service", "key", "whose"),
    [
        ("images-prod", [], ["*"], "SOURCE_BUCKETS"),
        ("images-prod", ["models"], ["*"], "SOURCE_BUCKETS"),
        ("Images-prod", ["images-*"], ["*"], "SOURCE_BUCKETS"),
        ("x-images-prod", ["images-*"], ["*"], "SOURCE_BUCKETS"),
        ("images-prod", ["images"], ["*"], "SOURCE_BUCKETS"),
        ("images-prod", ["images-*"], ["models"], "The key lambda"),
        ("images-prod", ["images-*"], [], "The key lambda"),
    ],
)
def test_a_bucket_that_one_list_lacks_is_refused(
    bucket: str, service: list[str], key: list[str], whose: str
) -> None:
    with pytest.raises(BucketNotAllowed, match=whose):
        check_bucket(bucket, None, service, parse(entry(buckets=key))[0])
