"""Which S3 hosts are tried, and which of them must answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from diagnosis.finding import Verdict
from diagnosis.s3_hosts import Ask, hosts_to_try, judge_hosts, try_hosts
from transfer.errors import SourceUnavailable, UrlRefused
from transfer.s3_hosts import ALL_PARTITIONS, PUBLIC_PARTITIONS, first_host, host_of, parse_host

NOW = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


@dataclass
class Answer:
    status: int = 400
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"<Error><Code>InvalidBucketName</Code></Error>"


def answering(*origins: str) -> Ask:
    def ask(origin: str) -> Answer:
        if origin not in origins:
            raise SourceUnavailable("The source's host takes no connection.")
        return Answer()

    return ask


@pytest.mark.parametrize("partition", sorted(ALL_PARTITIONS))
def test_each_partition_has_a_host_that_is_taken_from_messages(partition: str) -> None:
    host = first_host(partition)

    region = parse_host(host, {partition}).region

    assert region is not None
    assert host_of(region, {partition}) == host


def test_a_region_outside_of_the_partitions_is_refused() -> None:
    with pytest.raises(UrlRefused, match=r"Region cn-north-1 .* set S3_PARTITIONS=aws,aws-cn"):
        host_of("cn-north-1", {"aws"})


def test_without_a_name_one_host_of_each_partition_is_tried() -> None:
    origins = [host.origin for host in hosts_to_try((), PUBLIC_PARTITIONS, ())]

    assert origins == [f"https://{first_host(one)}" for one in sorted(PUBLIC_PARTITIONS)]


def test_what_the_operator_named_is_tried_instead() -> None:
    hosts = hosts_to_try({"http://127.0.0.1:9000"}, PUBLIC_PARTITIONS, ["eu-west-2"])

    assert [host.origin for host in hosts] == [
        "http://127.0.0.1:9000",
        "https://s3.eu-west-2.amazonaws.com",
    ]


def test_one_of_several_partitions_may_be_out_of_reach() -> None:
    hosts = hosts_to_try((), {"aws", "aws-cn"}, ())

    found = list(judge_hosts(try_hosts(hosts, answering(hosts[0].origin), lambda: NOW)))

    assert [one.verdict for one in found] == [Verdict.OK, Verdict.ADVICE]
    assert "leave it out of S3_PARTITIONS" in found[1].text


def test_what_the_operator_named_must_answer() -> None:
    hosts = hosts_to_try((), {"aws"}, ["us-east-1", "eu-west-2"])

    found = list(judge_hosts(try_hosts(hosts, answering(hosts[0].origin), lambda: NOW)))

    assert [one.verdict for one in found] == [Verdict.OK, Verdict.FAILED]
