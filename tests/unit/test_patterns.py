"""No pattern takes long over a text that is made from its own parts.

Each repeat of a pattern gets a text that matches up to there, then goes on with what the repeat
takes, and then ends as nothing does: what backtracks too much is busy then for seconds.
https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
"""

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

ROOMS = ("transfer", "handlers", "adapters", "forwarder", "diagnosis")
ALONE = ("settings", "doctor")
LENGTH = 16_000
LENGTHS = {"transfer.s3_hosts": 253, "adapters.s3_refusals": 1000}
"""Of texts that were cut, or refused for their length, before."""
SLOWEST_SECONDS = 0.05
TRIES = 3
END = "\0"
CHARACTERS = [chr(code) for code in (*range(0x61, 0x7F), *range(0x20, 0x61), *range(256))]
_compiler: Any = importlib.import_module("re._compiler")
_parser: Any = importlib.import_module("re._parser")


def modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        for found in pkgutil.walk_packages([room], f"{room}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)
    for name in ALONE:
        yield importlib.import_module(name)


def patterns_in(value: object, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for key, inner in value.items():
            yield from patterns_in(key, depth - 1)
            yield from patterns_in(inner, depth - 1)
    elif depth and isinstance(value, (list, tuple)):
        for inner in value:
            yield from patterns_in(inner, depth - 1)


def found() -> dict[str, tuple[str, re.Pattern[Any]]]:
    """All patterns, also those that are compiled where they are used, with their module."""
    all_of_them = {}
    for module in modules():
        source = inspect.getsource(module)
        inline = re.findall(r"""re\.\w+\(\s*(r?f?b?"(?:[^"\\]|\\.)*")""", source)
        written = [eval(text, vars(module)) for text in inline]  # noqa: S307 - our own source
        named = [*patterns_in(list(vars(module).values())), *map(re.compile, written)]
        if module.__name__ == "transfer.url_signature":
            for table in ("_V4_PATTERNS", "_V2_PATTERNS", "HOISTED_V4"):
                named += map(re.compile, vars(module)[table].values())
        for pattern in named:
            all_of_them[f"{module.__name__}: {pattern.pattern!r:.60}"] = module.__name__, pattern
    return all_of_them


PATTERNS = found()


def sample(items: Any, stop: list[Any]) -> str:
    """Return a text that the items match; it ends at the item in `stop`, which is emptied then."""
    text = ""
    for item in items:
        if stop and item is stop[0]:
            stop.clear()
            return text + END  # of no use to any pattern, so the caller cuts here
        text += _sample_of(item[0], item[1], stop)
        if text.endswith(END):
            return text
    return text


def _sample_of(op: Any, value: Any, stop: list[Any]) -> str:
    name = str(op)
    if name == "LITERAL":
        return chr(value)
    if name in ("ANY", "NOT_LITERAL"):
        return "a" if value != ord("a") else "b"
    if name == "IN":
        return _one_of(value)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        once = sample(value[2], stop)
        return once if once.endswith(END) else once * max(1, value[0])
    if name == "SUBPATTERN":
        return sample(value[3], stop)
    if name == "BRANCH":
        texts = [sample(branch, stop) for branch in value[1]]
        return next((text for text in texts if text.endswith(END)), texts[0])
    if name == "ATOMIC_GROUP":
        return sample(value, stop)
    return ""  # where one stands, and groups that come again


def _one_of(choices: Any) -> str:
    state = _parser.State()
    state.str = ""
    taken = _compiler.compile(_parser.SubPattern(state, [(_parser.IN, choices)]))
    return next(character for character in CHARACTERS if taken.fullmatch(character))


def repeats_in(items: Any) -> Iterator[Any]:
    """All repeats that may be long."""
    for item in items:
        op, value = str(item[0]), item[1]
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            if value[1] > 99:
                yield item
            yield from repeats_in(value[2])
        elif op == "SUBPATTERN":
            yield from repeats_in(value[3])
        elif op == "BRANCH":
            for branch in value[1]:
                yield from repeats_in(branch)
        elif op == "ATOMIC_GROUP":
            yield from repeats_in(value)


def texts_for(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    tree = _parser.parse(pattern.pattern, pattern.flags)
    for repeat in repeats_in(tree):
        before = sample(tree, [repeat]).removesuffix(END)
        word = sample(repeat[1][2], [])
        yield before + word * (length // max(1, len(word))) + END
        yield (before + word) * (length // max(1, len(before + word))) + END
        yield before + word * (length // max(1, len(word)))


def seconds(pattern: re.Pattern[Any], text: str) -> float:
    data = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
    times = []
    for _ in range(TRIES):
        began = time.thread_time()
        pattern.fullmatch(data)
        times.append(time.thread_time() - began)
        if times[-1] < SLOWEST_SECONDS:
            break
    return min(times)


@pytest.mark.timeout(60)
def test_no_pattern_is_kept_busy_by_what_it_repeats() -> None:
    slow = [
        name
        for name, (module, pattern) in PATTERNS.items()
        for text in texts_for(pattern, LENGTHS.get(module, LENGTH))
        if seconds(pattern, text) > SLOWEST_SECONDS
    ]

    assert len(PATTERNS) > 60
    assert slow == []


BUSY = {
    "a repeat in a repeat": (r"(?:a+)+b", 18),
    "choices that take the same": (r"(?:a|a)*b", 18),
    "a repeat in a group": (r"x(?:y+z?)+w", 18),
    "space before and behind what may be absent": (r"a\s*(?:b)?\s*c", 3000),
    "neighbours that take the same": (r"[a-z]*[a-d]*\d", 1500),
    "what both ends take": (r"(.*)-(.*)-(.*)=", 300),
}


@pytest.mark.parametrize(("pattern", "length"), BUSY.values(), ids=BUSY)
def test_a_pattern_that_backtracks_too_much_is_found(pattern: str, length: int) -> None:
    compiled = re.compile(pattern)

    assert any(seconds(compiled, text) > 0.002 for text in texts_for(compiled, length))
