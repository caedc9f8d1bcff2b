"""Fuzzes request bodies byte by byte: `python -m tests.soak.bodies`.

Coverage of the code that reads a body steers what is tried next. Any answer but one of ours,
any 5xx, and any that takes over a second ends the run with the body in a file.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["handlers", "transfer", "json"]):
    from tests.unit.handlers.test_generated_bodies import CLIENT, GOOD
    from transfer.message import Message  # noqa: F401 - instrumented here, used by CLIENT

FOLDER = Path(__file__).parents[2] / "build" / "bodies"
SLOWEST_SECONDS = 1.0
REASONS = {"taken", "MALFORMED_BODY", "INVALID_MESSAGE", "URL_REFUSED", "BODY_TOO_LARGE"}
SEEDS = [
    json.dumps({"inputMessage": GOOD}).encode(),
    json.dumps(GOOD).encode(),
    b'{"inputMessage": {"Bucket": "\\ud800", "ObjectKey": "\\u0000", "PartSize": 1e400}}',
    b'{"a": [[[[[[[[1]]]]]]]], "b": NaN, "b": -0.0, "c": 9007199254740993}',
]
WORDS = [*GOOD, "inputMessage", "https://", "\\\\ud800", "NaN", "1e400", "null", "true"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    ends = time.monotonic() + parser.parse_args().seconds
    logging.disable()
    answers: Counter[str] = Counter()
    slowest = 0.0

    def try_one(data: bytes) -> None:
        nonlocal slowest
        began = time.monotonic()
        reason = reason_of(data)
        took = time.monotonic() - began
        assert reason in REASONS
        assert took < SLOWEST_SECONDS
        answers[reason] += 1
        slowest = max(slowest, took)
        if began > ends:
            print(f"{answers.total()} bodies, {1000 * slowest:.0f} ms at most: {dict(answers)}")
            sys.stdout.flush()
            os._exit(0)  # the fuzzer knows no other way out

    atheris.Setup([sys.argv[0], *options()], try_one)
    atheris.Fuzz()


def reason_of(data: bytes) -> str:
    answer = CLIENT.post("/processmessage", data=data, content_type="application/json")
    if answer.status_code == 200:
        return "taken"
    return str(answer.get_json()["error"]["details"][0]["reason"])


def options() -> list[str]:
    """What libFuzzer begins with, and where it writes what it finds."""
    seeds, words = FOLDER / "seeds", FOLDER / "words"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (seeds / str(number)).write_bytes(seed)
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    return [
        f"-artifact_prefix={FOLDER}/",
        f"-dict={words}",
        "-max_len=70000",
        "-verbosity=0",
        str(seeds),
    ]


if __name__ == "__main__":
    main()
