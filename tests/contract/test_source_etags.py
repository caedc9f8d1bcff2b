"""The ETag of S3's answer: a strong one pins the bytes, for any other the reason is named."""

import pytest

from tests.contract.source_side import Side
from tests.servers.certificates import Authority
from tests.servers.raw import answer
from transfer.errors import SourceCorrupt

BODY = b"heron"
UNUSABLE: dict[str, tuple[str | None, str]] = {
    "none": (None, "S3's answer has no ETag"),
    "empty quotes": ('""', "The ETag of S3's answer is empty"),
    "nothing": ("", "The ETag of S3's answer is empty"),
    "weak": ('W/"etag-1"', "The ETag of S3's answer is weak .*turn off compression"),
    "weak without quotes": ("W/etag-1", "The ETag of S3's answer is weak"),
    "of two words": ('"etag 1"', "The ETag of S3's answer holds a space"),
    "not ASCII": ('"\xe9"', "The ETag of S3's answer holds a space, a quote or another"),
    "without end": (f'"{1025 * "e"}"', "The ETag of S3's answer is longer than 1024"),
    "escaped for XML": ("&quot;etag-1&quot;", "The ETag of S3's answer is escaped for XML"),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["plain", "tls"])
def side(request: pytest.FixtureRequest, authority: Authority) -> Side:
    return Side(authority if request.param == "tls" else None)


@pytest.mark.parametrize(("etag", "words"), UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("asked", ["etag-1", None])
def test_an_etag_that_pins_nothing_makes_an_answer_corrupt(
    side: Side, etag: str | None, words: str, asked: str | None
) -> None:
    with (
        side.serve([answer(BODY, ETag=etag)]) as server,
        pytest.raises(SourceCorrupt, match=f"^{words}") as failure,
    ):
        side.fetch(server, asked)

    assert failure.value.__suppress_context__ or failure.value.__context__ is None


@pytest.mark.parametrize("etag", ["etag-1", 240 * "A", 1024 * "e"], ids=len)
@pytest.mark.parametrize("quote", ['"', ""], ids=["quoted", "bare"])
def test_a_strong_etag_pins_whether_the_server_quotes_it_or_not(
    side: Side, etag: str, quote: str
) -> None:
    with side.serve([answer(BODY, ETag=f"{quote}{etag}{quote}")]) as server:
        assert side.fetch(server, etag) == BODY
