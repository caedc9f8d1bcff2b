"""Any name that Cloud Storage takes is kept as it is, by every store, and no two meet."""

import unicodedata

import pytest

from tests.contract.conftest import Place, land
from tests.odd_keys import ODD_KEYS

NAMES = [
    "a",
    "a/b",
    "a/b/c",
    "a//b",
    "a/",
    "a//",
    "/a",
    "/",
    "//",
    "../../x",
    "a/../b",
    "./a",
    "a/.",
    "...",
    "%2F",
    "a%2Fb",
    "a+b",
    "a b",
    " ",
    "a\\b",
    "a:b",
    "A",
    unicodedata.normalize("NFC", "é/Å"),
    unicodedata.normalize("NFD", "é/Å"),
    "ä" * 512,
    "x" * 1024,
    "/".join("x" * 512),
    "/" * 1024,
    "./" * 512,
    "y" * 300 + "/z",
    "y" * 300,
    "😀" * 80,
    ".landfall",
    ".landfall%x",
    ".landfall%",
    ".landfall%clash/a",
    ".landfall%" + "ä" * 100,
    ".LANDFALL/records",
    "#?&=;[]*",
    "x#fragment?query=1",
    "😀/👩\u200d🚀",
    "a\x01b\x7f",
    *ODD_KEYS.values(),
    "-rf",
    "~",
    "CON",
    "a.tmp",
    "upload/storage/v1/b/landing/o",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:24])
def test_a_name_round_trips(place: Place, name: str) -> None:
    data = name.encode()

    landed = land(place.store, name, data)
    replaced = land(place.store, name, data, landed.token)
    patched = place.store.patch(name, replaced.token, {"name": name})

    assert patched.name == name
    assert place.store.stat(name) == patched
    assert place.content(name) == data


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]], ids=["forwards", "backwards"])
def test_no_two_names_meet(place: Place, names: list[str]) -> None:
    landed = {name: land(place.store, name, name.encode()) for name in names}

    assert {name: place.store.stat(name) for name in names} == landed
    assert {name: place.content(name) for name in names} == {n: n.encode() for n in names}
