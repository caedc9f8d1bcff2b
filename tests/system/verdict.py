"""What must be true once every message was answered 200, told from outside alone.

Every notification names the generation that it announces and the one that this replaced. So
the notifications of one object must form a chain, from the first generation to the live one:
a missing link landed and was never announced, a loose one was announced and never landed.
"""

import base64
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from tests.servers.versioned_s3 import BUCKET, Version
from tests.system.backends import Backend, Heard
from tests.system.workload import Tally, Workload

USUAL = {
    *("landed", "already-landed", "superseded", "no answer"),
    *("URL_EXPIRED", "SOURCE_UNAVAILABLE", "SOURCE_CORRUPT"),
    *("STORE_UNAVAILABLE", "NOTIFY_UNAVAILABLE", "OVERLOADED", "DRAINING", "STARTING"),
}
"""Answers that a faultless service gives to good messages."""


@dataclass
class Verdict:
    """Figures, and what is wrong, each with the object's name."""

    figures: dict[str, object] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    """Requests that a kill ended, by how far they were."""
    killed_unannounced: int = 0
    """Of these, the ones that had landed, and were not announced yet."""
    replaced: int = 0
    """Landings that replaced an earlier one."""
    wrong: dict[str, list[str]] = field(
        default_factory=lambda: {
            "lost": [],
            "corrupt": [],
            "silent": [],
            "announced without object": [],
            "stale": [],
            "wrong ce-id": [],
            "unusual answers": [],
        }
    )

    @property
    def is_good(self) -> bool:
        return not any(self.wrong.values())

    def __str__(self) -> str:
        counted = {what: len(names) for what, names in self.wrong.items()}
        lines = [f"  {name}: {value}" for name, value in (self.figures | counted).items()]
        named = [f"  {what}: {name}" for what, names in self.wrong.items() for name in names[:5]]
        return "\n".join([*lines, *named])


def judge(versions: dict[str, list[Version]], workload: Workload, backend: Backend) -> Verdict:
    """Compare what S3 had, what was announced, what was answered and what is there.

    The service must run: each object's current version is sent once more, and must be there.
    """
    verdict, tally = Verdict(), workload.tally
    chains: dict[str, dict[int, Heard]] = defaultdict(dict)
    copies: Counter[str] = Counter()
    for notification in backend.heard():
        name, generation = _landing(notification)
        chains[name].setdefault(generation, notification)
        copies[notification.attributes["ce-id"]] += 1
        if notification.attributes["ce-id"] != _ce_id(notification):
            verdict.wrong["wrong ce-id"].append(f"{name}#{generation}")
    for key, put in versions.items():
        name = f"{BUCKET}/{key}"
        status, live = workload.ask_again(put[-1])
        if status != "already-landed" or backend.read(name) != put[-1].body():
            verdict.wrong["lost"].append(f"{name} ({status})")
        _judge_chain(verdict, name, chains.get(name, {}), int(live or 0))
        _judge_bytes(verdict, name, chains.get(name, {}), put)
    for name, answered in tally.landed:
        if int(answered) not in chains.get(name, {}):
            verdict.wrong["silent"].append(f"{name}#{answered} (answered)")
    verdict.wrong["unusual answers"] += sorted(set(tally.answers) - USUAL)
    _count(verdict, versions, chains, copies, tally)
    return verdict


def _judge_chain(verdict: Verdict, name: str, chain: dict[int, Heard], live: int) -> None:
    replaced = {generation: _overwrote(heard) for generation, heard in chain.items()}
    expected, generation = set(), live
    while generation:
        expected.add(generation)
        generation = replaced.get(generation, 0)
    for missing in expected - set(chain):
        verdict.wrong["silent"].append(f"{name}#{missing}")
    for loose in set(chain) - expected:
        verdict.wrong["announced without object"].append(f"{name}#{loose}")


def _judge_bytes(verdict: Verdict, name: str, chain: dict[int, Heard], put: list[Version]) -> None:
    """Each landing is whole, and a later one than the landing that it replaced."""
    position = 0
    for generation, heard in sorted(chain.items()):
        etag = heard.attributes["s3ETag"]
        here = [n for n, version in enumerate(put) if version.etag == etag]
        if not here or not _is_whole(heard, put[here[0]]):
            verdict.wrong["corrupt"].append(f"{name}#{generation}")
        later = [n for n in here if n >= position]
        if here and not later:
            verdict.wrong["stale"].append(f"{name}#{generation}")
        position = later[0] + 1 if later else position


def _is_whole(heard: Heard, version: Version) -> bool:
    crc32c = base64.b64encode(version.crc32c.to_bytes(4, "big")).decode()
    return (heard.data["size"], heard.data["crc32c"]) == (str(version.size), crc32c)


def _count(
    verdict: Verdict,
    versions: dict[str, list[Version]],
    chains: dict[str, dict[int, Heard]],
    copies: Counter[str],
    tally: Tally,
) -> None:
    landings = [heard for chain in chains.values() for heard in chain.values()]
    verdict.replaced = sum(1 for heard in landings if _overwrote(heard))
    verdict.hits = tally.hits
    verdict.killed_unannounced = sum(
        _lay_between(heard, killed_at)
        for name, generation, killed_at in tally.hit_landings
        if (heard := chains.get(name, {}).get(int(generation)))
    )
    verdict.figures = {
        "objects": len(versions),
        "versions": sum(map(len, versions.values())),
        "requests": tally.answers.total(),
        **{f"  {answer}": count for answer, count in sorted(tally.answers.items())},
        "requests that a kill ended": tally.hits.total(),
        **{f"  {phase}": count for phase, count in sorted(tally.hits.items())},
        "  landed, but not announced": verdict.killed_unannounced,
        "landings": len(landings),
        "landings that replaced an earlier one": verdict.replaced,
        "notifications": copies.total(),
        "duplicates, with the same ce-id": copies.total() - len(copies),
    }


def _lay_between(heard: Heard, moment: datetime) -> bool:
    """Whether it had landed by then, and was announced only after."""
    return datetime.fromisoformat(heard.attributes["eventTime"]) < moment < heard.published


def _landing(heard: Heard) -> tuple[str, int]:
    return heard.attributes["objectId"], int(heard.attributes["objectGeneration"])


def _overwrote(heard: Heard) -> int:
    return int(heard.attributes.get("overwroteGeneration", 0))


def _ce_id(heard: Heard) -> str:
    name, generation = _landing(heard)
    text = f"{heard.attributes['bucketId']}/{name}#{generation}"
    return hashlib.sha256(text.encode()).hexdigest()
