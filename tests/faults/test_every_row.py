"""The fault table: what may go wrong, step by step. Every row is shown by a test.

Tests of this folder say which rows they show: `grep -rn 'row("29")' tests/faults`.
What `ELSEWHERE` names is shown where the rows' own programs are tested.
"""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROWS = {
    "1": "receive: kill -9, reset, instance gone",
    "2": "receive: malformed, too large, not JSON",
    "3": "receive: bad key, key for another bucket",
    "4": "receive: the gateway lets keys pass unchecked",
    "5": "check: URL outside the allow-list, or not bound to the message",
    "6": "admit: too many transfers, rate of one key",
    "7": "admit: the process is about to end",
    "8": "stat: busy, broken, silent",
    "9": "stat: no token, forbidden, bucket missing",
    "8b": "any: 408, or silent once",
    "9a": "any: the object's name holds words of a refusal",
    "9b": "any: refused for a reason that the answer gives",
    "9c": "any: 412 where no condition was sent",
    "10": "same version there, marked",
    "11": "same version there, not marked",
    "12": "other version there, not marked",
    "13": "source: no address, no connection, no headers",
    "14": "source: address not public",
    "15": "source: certificate wrong",
    "16a": "source: URL out of time",
    "16b": "source: refused for good",
    "17": "source: gone",
    "17b": "source: a 404 that is not of S3",
    "18": "source: changed",
    "19": "source: busy",
    "20": "source: redirects",
    "21": "source: contradicts the message",
    "21b": "source: headers that no store can hold",
    "22": "transfer: reset, cut short",
    "22b": "transfer: broken off many times, with progress before each",
    "23": "transfer: longer than announced",
    "24": "transfer: right length, wrong bytes",
    "25": "transfer: stall or drip",
    "26": "transfer: source overwritten meanwhile",
    "27": "transfer: compressed",
    "28": "transfer: memory",
    "29": "upload: busy, broken, silent",
    "29b": "upload: what stands beside the bytes does not fit",
    "29c": "upload: the store acts in a way that no document decides",
    "30": "upload: session forgotten",
    "31": "finish: checksum refused",
    "31b": "finish: refused, though not for its checksum",
    "32": "finish: somebody else landed or touched",
    "33": "finish: committed, answer lost",
    "33a": "finish: silent, with or without an object",
    "33b": "finish: composed of other bytes, answer lost",
    "34": "finish: kill -9 after the commit",
    "35": "publish: unavailable, too slow",
    "36": "publish: accepted, answer lost",
    "37": "publish: kill -9 after the acknowledgement",
    "38": "publish: topic missing or forbidden",
    "39": "mark: fails",
    "39b": "finish, mark: changes of one name are limited",
    "40": "answer: lost, or the client is gone",
    "41": "two workers with the same message",
    "42": "SIGTERM during a transfer",
    "43": "SIGKILL at any time",
    "44": "the machine's clock is wrong",
    "45": "the forwarder gives up before us",
    "46": "the forwarder's tries are used up",
}
ELSEWHERE = {
    "8b": ("contract/test_gcs_retries.py", "test_an_answer_that_may_pass_is_not_the_last"),
    "9a": (
        "contract/test_gcs_reasons.py",
        "test_a_name_that_looks_like_a_refusal_lands_as_any_other",
    ),
    "28": ("system/test_large_object.py", "test_two_gibibytes_land_in_little_memory"),
    "33a": (
        "contract/test_gcs_waiting.py",
        "test_an_end_whose_answer_is_lost_is_looked_up_within_half_a_minute",
    ),
    "33b": ("parts/test_other_bytes.py", "test_a_lost_answer_does_not_announce_other_bytes"),
    "46": (
        "system/test_forwarder_loop.py",
        "test_new_objects_land_by_way_of_the_queue_and_what_must_fail_becomes_a_dead_letter",
    ),
}


def test_every_row_is_shown_by_a_test() -> None:
    marks = [
        row
        for file in Path(__file__).parent.glob("test_*.py")
        for row in re.findall(r'^@pytest\.mark\.row\("(\w+)"\)$', file.read_text(), re.MULTILINE)
    ]
    shown = {row for row in marks if row in ROWS} | set(ELSEWHERE)

    assert set(marks) <= set(ROWS)
    assert sorted(set(ROWS) - shown) == []
    assert len(marks) > 80


def test_what_is_shown_elsewhere_is_there() -> None:
    for file, name in ELSEWHERE.values():
        assert f"def {name}(" in (TESTS / file).read_text()
