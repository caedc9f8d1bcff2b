"""Ports for servers that must be given one."""

import random
import socket

_PORTS = range(10_000, 32_000)
"""Below those that the system gives to outgoing connections, of which tests open very many: one of
these could take the port before its server does. https://docs.kernel.org/networking/ip-sysctl.html
"""
_chance = random.SystemRandom()


def free_port() -> int:
    """Return a port of loopback on which nothing listens now."""
    while True:
        port = _chance.choice(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
