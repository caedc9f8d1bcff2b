"""Which addresses the service may connect to: public ones, and none in disguise."""

import pytest

from adapters.public_address import is_public


@pytest.mark.parametrize(
    "address",
    [
        "52.95.148.1",
        "3.5.140.1",
        "8.8.8.8",
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2600:1fa0:8000::1",
        "2606:4700:4700::1111",
        "2a05:d018::1",
        "2001:4860:4860::8888",
        "3ffe:ffff::1",
    ],
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        # this network
        "0.0.0.0",
        "0.255.255.255",
        # private
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        # shared
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        # loopback
        "127.0.0.1",
        "127.255.255.255",
        # link-local, with the clouds' metadata servers
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "192.0.0.192",
        # protocols, documentation, benchmarks
        "192.0.0.8",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        # multicast, reserved, broadcast
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_special_in_ipv4(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "200::1",
        "400::1",
        "1000::1",
        "1fff:ffff::1",
        "4000::1",
        "6000::1",
        "8000::1",
        "a000::1",
        "c000::1",
        "e000::1",
        "f000::1",
        "f800::1",
        "fe00::1",
    ],
)
def test_special_in_ipv6(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "::8.8.8.8",
        "::ffff:a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::10.0.0.1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2001:0:7f00:1::1",
    ],
)
def test_ipv4_inside_of_ipv6_is_never_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["fe80::1%eth0", "fe80::1%1", "2606:4700:4700::1111%eth0", "2606:4700:4700::1111%"]
)
def test_an_address_with_a_zone_is_never_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "8.8.8",
        "8.8.8.8.8",
        "134744072",
        "0x08080808",
        "010.8.8.8",
        " 8.8.8.8",
        "8.8.8.8\n",
        "[2606:4700:4700::1111]",
        "8.8.8.8:443",
        "8.8.8.8/32",
        "٨.٨.٨.٨",
        "x" * 100,
    ],
)
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)
