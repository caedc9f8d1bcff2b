"""Which IP addresses are on the public internet.

The list is our own because `ipaddress.is_global` changed between Python versions; both
must agree. https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

import ipaddress

_ASSIGNED = ipaddress.ip_network("2000::/3")
"""All that IANA gives to the public of IPv6; the rest may be used inside of any network.
https://www.iana.org/assignments/ipv6-address-space"""
_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, public by its number only
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def is_public(address: str) -> bool:
    """Whether this literal address is neither special nor an IPv4 address in disguise."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if "%" in address:
        return False  # a zone id names one of this machine's own networks
    if ip.version == 6 and ip not in _ASSIGNED:
        return False
    return ip.is_global and not any(ip.version == n.version and ip in n for n in _SPECIAL)
