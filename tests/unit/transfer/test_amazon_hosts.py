"""No host of Amazon that serves anything but general-purpose buckets passes, whatever its labels.

The hosts are those of Amazon's own library: its endpoint rules and its table of endpoints.
"""

import re
from collections.abc import Iterator, Mapping

import pytest
from botocore.loaders import Loader

from transfer.errors import UrlRefused
from transfer.s3_hosts import ALL_PARTITIONS, parse_host

LOADER = Loader()
BUCKETS = ["heron", "s3-heron-scans", "vpce-flow-logs-heron", "s3-accelerate-x", "dualstack"]
LEADS = ["", *(f"{bucket}." for bucket in BUCKETS)]
# A label that Amazon's rules leave open, as a bucket, an account or a Region of others.
OPEN = re.compile(r"\{[^}]+\}")
REST = re.compile(r"s3(-fips)?(\.dualstack)?\..+|s3-accelerate(\.dualstack)?\..+")
# Only for the Region `aws-global`, which no signer uses by default.
NO_HOST = "s3-accelerate.dualstack.us-east-1."


def templates(service: str) -> set[str]:
    """Return the hosts of the service's rules, with their open labels in braces."""
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    hosts = (url.removeprefix("https://").partition("/")[0] for url in urls_of(rules))
    return {host for host in hosts if "url#authority" not in host and not host.endswith(":")}


def urls_of(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == "url" and isinstance(value, str):
                yield value
            else:
                yield from urls_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from urls_of(value)


def partitions() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give a Region of each partition, and what its hosts end in."""
    for partition in LOADER.load_data("partitions")["partitions"]:
        regions = (region for region in partition["regions"] if "global" not in region)
        region = next(regions, None)
        if region is not None:
            yield region, partition["outputs"]


def filled(host: str, label: str) -> set[str]:
    """Return the host in each partition, with this label where it is open."""
    hosts = set()
    for region, outputs in partitions():
        name = re.sub(r"\{[^}]*#dnsSuffix\}", outputs["dnsSuffix"], host)
        name = re.sub(r"\{[^}]*#dualStackDnsSuffix\}", outputs["dualStackDnsSuffix"], name)
        name = re.sub(r"\{(Region|[^}]*#region)\}", region, name)
        hosts.add(OPEN.sub(label, name))
    return hosts


def is_taken(host: str) -> bool:
    try:
        parse_host(host, ALL_PARTITIONS)
    except UrlRefused:
        return False
    return True


OTHERS = sorted(set(LOADER.list_available_services("endpoint-rule-set-1")) - {"s3"})
OTHER_TEMPLATES = {host for service in OTHERS for host in templates(service)}
REST_OF_S3 = {
    host
    for host in templates("s3")
    if REST.fullmatch(host.removeprefix("{Bucket}.")) and NO_HOST not in host
}
OTHERS_OF_S3 = templates("s3") - REST_OF_S3


def test_the_rules_hold_what_is_to_be_refused() -> None:
    text = " ".join(OTHER_TEMPLATES | OTHERS_OF_S3)

    assert len(OTHER_TEMPLATES) > 1000
    assert len(REST_OF_S3) > 15
    kinds = ("s3-control", "s3-outposts", "s3-object-lambda", "s3-accesspoint", "s3express-")
    assert all(kind in text for kind in (*kinds, "accesspoint.s3-global", "s3tables", "s3vectors"))


@pytest.mark.parametrize("lead", LEADS)
def test_no_host_of_another_service_is_taken(lead: str) -> None:
    hosts = {host for template in OTHER_TEMPLATES for host in filled(template, "heron")}

    assert [host for host in hosts if is_taken(lead + host)] == []


@pytest.mark.parametrize("lead", LEADS)
def test_no_endpoint_of_another_service_is_taken(lead: str) -> None:
    hosts = set()
    for partition in LOADER.load_data("endpoints")["partitions"]:
        for name, service in partition["services"].items():
            for endpoint in service.get("endpoints", {}).values() if name != "s3" else ():
                hosts |= {e.get("hostname", "") for e in (endpoint, *endpoint.get("variants", ()))}

    assert len(hosts) > 2000
    assert [host for host in hosts if is_taken(lead + host)] == []


@pytest.mark.parametrize("label", BUCKETS)
@pytest.mark.parametrize("template", sorted(OTHERS_OF_S3))
def test_no_other_kind_of_host_of_s3_is_taken(template: str, label: str) -> None:
    hosts = {lead + host for host in filled(template, label) for lead in LEADS}

    assert [host for host in hosts if is_taken(host)] == []


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("template", sorted(REST_OF_S3))
def test_every_host_of_buckets_is_taken_in_its_partition(template: str, bucket: str) -> None:
    style = bucket if template.startswith("{Bucket}") else None
    taken = {host for host in filled(template, bucket) if is_taken(host)}

    assert taken
    assert {parse_host(host, ALL_PARTITIONS).bucket for host in taken} == {style}
