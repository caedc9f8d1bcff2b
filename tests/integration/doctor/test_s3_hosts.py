"""S3 that cannot be reached or trusted, and a clock that disagrees with it."""

import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.s3_reach import S3Reach
from tests.integration.doctor.conftest import SetUp, s3_answer
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer


def resolving(
    address: str | None = None, only: str = ""
) -> Callable[..., list[tuple[object, ...]]]:
    """A look-up that finds this address, for one name; all other names are none."""

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if address is not None and host == only:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        if host == "127.0.0.1":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        raise socket.gaierror

    return resolve


class TestClock:
    @pytest.mark.parametrize(("minutes", "words"), [(20, "20 min behind"), (-20, "20 min ahead")])
    def test_a_clock_that_is_off(self, setup: SetUp, minutes: int, words: str) -> None:
        with RawServer([s3_answer(timedelta(minutes=minutes))]) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            fault = setup.fault()

        assert f"This machine's clock is {words}" in fault
        assert "timedatectl set-ntp true" in fault


class TestS3Hosts:
    def test_nobody_listens(self, setup: SetUp) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            origin = f"http://127.0.0.1:{closed.getsockname()[1]}"
        setup.environment["S3_ENDPOINTS"] = origin

        report = setup.diagnosed()

        assert report.code == 1
        (fault,) = report.lines("failed     ")
        assert f"{origin}: The source's host takes no connection" in fault
        assert "Start that server, or correct S3_ENDPOINTS" in fault
        assert "clock" in report.lines("not checked")[0]

    def test_no_name_is_resolved(self, setup: SetUp) -> None:
        del setup.environment["S3_ENDPOINTS"]
        setup.environment["S3_PARTITIONS"] = "aws,aws-cn,aws-eusc,aws-us-gov"
        setup.reach = S3Reach(resolve=resolving())

        report = setup.diagnosed()

        assert report.code == 1
        faults = report.lines("failed     ")
        assert len(faults) == 4
        assert all("host name cannot be resolved. Open the way out" in fault for fault in faults)

    def test_a_region_whose_name_points_inward(self, setup: SetUp) -> None:
        setup.regions = ["eu-west-2"]
        setup.reach = S3Reach(resolve=resolving("127.0.0.1", only="s3.eu-west-2.amazonaws.com"))

        fault = setup.fault()

        assert "https://s3.eu-west-2.amazonaws.com" in fault
        assert "resolves to an address not public. Open the way out" in fault

    def test_a_region_that_there_is_not(self, setup: SetUp) -> None:
        setup.regions = ["middle-earth"]

        assert "has a Region middle-earth: correct its name" in setup.fault()

    def test_a_region_of_a_partition_that_is_not_taken(self, setup: SetUp) -> None:
        setup.regions = ["cn-north-1"]

        assert "is of the partition aws-cn" in setup.fault()
        assert "set S3_PARTITIONS=aws,aws-cn." in setup.fault()

    @pytest.mark.parametrize(
        ("names", "days", "words"),
        [(["other.example"], 1, "not valid for"), (["127.0.0.1"], -1, "expired")],
    )
    def test_a_wrong_certificate(
        self, setup: SetUp, tmp_path: Path, names: list[str], days: int, words: str
    ) -> None:
        authority = Authority(tmp_path)
        setup.reach = S3Reach(authority.client_context())
        context = authority.server_context(*names, days=days)
        with RawServer([s3_answer()], tls=context) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            fault = setup.fault()

        assert "certificate is not trusted" in fault
        assert words in fault
        assert "a proxy that opens TLS" in fault

    def test_a_good_certificate_is_no_fault(self, setup: SetUp, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        setup.reach = S3Reach(authority.client_context())
        with RawServer([s3_answer()], tls=authority.server_context()) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            assert setup.diagnosed().code == 0

    def test_somebody_else_answers(self, setup: SetUp) -> None:
        with RawServer([answer(b"<html>please log in</html>")]) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            assert "What answers there (200) is not S3" in setup.fault()

    def test_somebody_answers_in_broken_chunks(self, setup: SetUp) -> None:
        broken = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nheron"
        with RawServer([broken]) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            assert "cannot be asked (HTTPException)" in setup.fault()
