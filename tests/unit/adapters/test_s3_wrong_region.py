"""A refusal for the wrong Region names the right one, if S3 names it in its proper form."""

import pytest

from tests.unit.adapters.test_s3_refusals import told
from transfer.errors import SourceRefused, SourceUnavailable

WRONG = "; the region 'us-east-1' is wrong; expecting 'eu-west-2'"
ELSEWHERE = {
    "SigV4 in the query": (
        *(400, "AuthorizationQueryParametersError"),
        f"Error parsing the X-Amz-Credential parameter{WRONG}",
        "<Region>eu-west-2</Region>",
    ),
    "SigV4 in a header": (
        *(400, "AuthorizationHeaderMalformed"),
        f"The authorization header is malformed{WRONG}",
        "<Region>eu-west-2</Region>",
    ),
    "without an element of its own": (
        *(400, "AuthorizationQueryParametersError"),
        f"Error parsing the X-Amz-Credential parameter{WRONG.replace(chr(39), '&#39;')}",
    ),
    "a newer Region": (
        *(400, "IllegalLocationConstraintException"),
        (
            "The eu-west-2 location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        ),
    ),
    "a redirect": (
        *(301, "PermanentRedirect", "The bucket must be addressed using the endpoint."),
        "<Endpoint>pictures.s3.eu-west-2.amazonaws.com</Endpoint>",
    ),
    "a redirect of old": (
        *(307, "TemporaryRedirect", "Please re-send this request to the endpoint."),
        "<Endpoint>pictures.s3-eu-west-2.amazonaws.com</Endpoint>",
    ),
    "a redirect in path style": (
        *(301, "PermanentRedirect", "words"),
        "<Endpoint>s3.dualstack.eu-west-2.amazonaws.com</Endpoint>",
    ),
}


@pytest.mark.parametrize("answer", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_wrong_region_is_told_with_the_right_one(answer: tuple[int, str, str, str]) -> None:
    error = told(*answer)

    assert type(error) is (SourceUnavailable if answer[0] < 400 else SourceRefused)
    assert "the bucket is in eu-west-2, so sign for eu-west-2" in str(error)


@pytest.mark.parametrize("answer", ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_header_tells_the_region_before_the_body(answer: tuple[int, str, str]) -> None:
    assert "the bucket is in ap-south-1" in str(told(*answer, region="ap-south-1"))


@pytest.mark.parametrize(
    "region",
    [
        *("us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "us-isob-east-1", "ap-southeast-7"),
        *("mx-central-1", "eu-isoe-west-1"),
    ],
)
def test_every_form_of_a_region_is_told(region: str) -> None:
    assert f"in {region}," in str(told(301, "PermanentRedirect", region=region))
    more = f"<Region>{region}</Region>"
    assert f"in {region}," in str(told(301, "PermanentRedirect", more=more))


@pytest.mark.parametrize(
    "region",
    [
        *("", "EU", "eu-west", "west-1", "-west-1", "eu--1", "eu-west-", "eu-west-111"),
        *("e-west-1", "abcdef-west-1", "eu-w-1", "eu-abcdefghijk-1", "eu-a1-1", "eu-aa-bb-cc-1"),
        *("eu-west-1 ", "eu-west-1\n", "eu-west-\u0661", "x-y-1;canary", 99 * "a"),
    ],
)
def test_what_is_no_region_is_not_told(region: str) -> None:
    error = told(301, "PermanentRedirect", more=f"<Region>{region}</Region>", region=region)

    assert "the bucket's own Region" in str(error)
    assert "canary" not in str(error)
