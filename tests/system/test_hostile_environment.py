"""A whole service in a hostile environment: its requests for objects go where they should.

Proxies, passwords and authorities are offered by the environment, and names are resolved by
somebody who means ill. Every look-up and every connection of the service is written down by
the interpreter itself, through its audit events.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer
from tests.system.backends import Embedded
from tests.system.service import Service, serving

ETAG = '"etag-1"'
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260811%2Feu-west-2%2Fs3%2Faws4_request"
    "&X-Amz-Date=20260811T093015Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    f"&X-Amz-Signature={64 * '0'}"
)
AMAZON = "s3.eu-west-2.amazonaws.com"
CHANGING = "s3.heron.example"
PUBLIC, PUBLIC_6 = "52.95.148.1", "2600:1fa0:8000::1"
SITE = '''
"""Runs before everything else in the service: names are resolved from a file."""
import json, socket, sys
from pathlib import Path

folder = Path(__file__).parent


def getaddrinfo(host, port, *rest, **more):
    answers = folder / f"{host}.json"
    if not answers.exists():
        return real(host, port, *rest, **more)
    first, *others = json.loads(answers.read_text())
    answers.write_text(json.dumps(others or [first]))
    write("look-up", host)
    return [(socket.AF_INET6 if ":" in a else socket.AF_INET, 1, 6, "", (a, port)) for a in first]


def write(*words):
    with (folder / "seen").open("a") as seen:
        print(*words, file=seen)


def hook(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        write("connect", *arguments[1][:2])


real, socket.getaddrinfo = socket.getaddrinfo, getaddrinfo
sys.addaudithook(hook)
'''


@dataclass
class Hostile:
    """A service and the ill-meaning world around it."""

    service: Service
    folder: Path
    proxy: RawServer
    good: RawServer
    untrusted: RawServer

    def resolve(self, host: str, *answers: list[str]) -> None:
        """Name these addresses, one list after the other; the last for ever."""
        (self.folder / f"{host}.json").write_text(json.dumps(answers))

    def send(self, origin: str) -> str:
        """Send a message about an object that has not landed yet."""
        self.seen()
        key = uuid.uuid4().hex
        url = f"{origin}/pictures/{key}?{QUERY}"
        fields = {"Bucket": "pictures", "ObjectKey": key, "ETag": ETAG, "PresignedUrl": url}
        status, told = self.service.send(json.dumps({"inputMessage": fields}).encode())
        return str(told["error"]["details"][0]["reason"]) if status != 200 else str(told["status"])

    def seen(self) -> list[str]:
        """What the service looked up and connected to since the message was sent."""
        seen = self.folder / "seen"
        lines = seen.read_text().splitlines() if seen.exists() else []
        seen.write_text("")
        return lines


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "sitecustomize.py").write_text(SITE)
    (folder / ".netrc").write_text("default login canary password canary\n")
    evil = Authority(folder, "evil")
    with (
        RawServer([answer(b"trapped")]) as proxy,
        RawServer([answer(b"heron")]) as good,
        RawServer([answer(b"trapped")], tls=evil.server_context()) as untrusted,
    ):
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment = {n: proxy.origin for name in names for n in (name, name.lower())}
        environment |= {"NO_PROXY": "", "no_proxy": ""}
        environment |= {"HOME": str(folder), "NETRC": str(folder / ".netrc")}
        bundles = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        environment |= dict.fromkeys(bundles, str(evil.file))
        environment["PYTHONPATH"] = str(folder)
        changing = f"http://{CHANGING}:{good.port}"
        environment["S3_ENDPOINTS"] = f"{good.origin},{untrusted.origin},{changing}"
        with serving(folder, Embedded(folder), **environment) as service:
            yield Hostile(service, folder, proxy, good, untrusted)
        assert proxy.connections == 0


def test_no_proxy_and_no_password_of_the_environment_is_used(hostile: Hostile) -> None:
    assert hostile.send(hostile.good.origin) == "landed"

    assert hostile.seen() == [f"connect 127.0.0.1 {hostile.good.port}"]
    assert "authorization" not in hostile.good.headers
    assert hostile.proxy.connections == 0


def test_no_authority_of_the_environment_is_trusted(hostile: Hostile) -> None:
    assert hostile.send(hostile.untrusted.origin) == "SOURCE_UNAVAILABLE"

    assert hostile.untrusted.connections > 0
    assert hostile.untrusted.requests == []
    assert hostile.proxy.connections == 0


ANSWERS = {
    "loopback": ["127.0.0.1"],
    "the metadata server": ["169.254.169.254"],
    "IPv4 inside IPv6": ["::ffff:127.0.0.1"],
    "good, then bad": [PUBLIC, "127.0.0.1"],
    "good in one family, bad in the other": ["10.0.0.1", PUBLIC_6],
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_a_name_of_amazons_that_leads_inside_is_not_followed(
    hostile: Hostile, answers: list[str]
) -> None:
    hostile.resolve(AMAZON, answers)

    assert hostile.send(f"https://{AMAZON}") == "SOURCE_UNAVAILABLE"

    seen = hostile.seen()
    assert seen == [f"look-up {AMAZON}"] * len(seen)
    assert seen


def test_an_answer_that_changes_is_asked_for_once(hostile: Hostile) -> None:
    hostile.resolve(CHANGING, ["127.0.0.1"], ["127.0.0.2"])

    assert hostile.send(f"http://{CHANGING}:{hostile.good.port}") == "landed"

    assert hostile.seen() == [f"look-up {CHANGING}", f"connect 127.0.0.1 {hostile.good.port}"]
