"""Which headers name a trace, and which are nothing."""

import pytest

from handlers.trace_context import trace_of
from transfer.watching import Trace

TRACE = "105445aa7843bc8bf206b12000100000"
SPAN = "000000000000001a"
W3C = f"00-{TRACE}-{SPAN}-"
GOOGLE = f"{TRACE}/26;o="


@pytest.mark.parametrize(
    ("traceparent", "cloud", "sampled"),
    [
        (f"{W3C}01", "", True),
        (f"{W3C}00", "", False),
        (f"{W3C}03", "", True),
        (f"01{W3C[2:]}01-more", "", True),
        ("", f"{GOOGLE}1", True),
        ("", f"{GOOGLE}0", False),
        ("", f"{TRACE.upper()}/26", False),
        (f"{W3C}01", f"{GOOGLE}0", True),
        ("broken", f"{GOOGLE}1", True),
    ],
)
def test_a_trace_is_read(traceparent: str, cloud: str, sampled: bool) -> None:
    assert trace_of(traceparent, cloud) == Trace(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    ("traceparent", "cloud"),
    [
        ("", ""),
        (f"ff{W3C[2:]}01", ""),
        (f"{W3C}01".replace(TRACE, 32 * "0"), ""),
        (f"{W3C}01".replace(SPAN, 16 * "0"), ""),
        (f"{W3C}01".upper(), ""),
        (f"{W3C}01\n", ""),
        ("", TRACE),
        ("", f"{TRACE}/0;o=1"),
        ("", f"{TRACE}/{2**64};o=1"),
        ("", f"{TRACE[1:]}/26;o=1"),
        ("", f"{TRACE}/\u0661"),
    ],
)
def test_what_names_no_trace_is_none(traceparent: str, cloud: str) -> None:
    assert trace_of(traceparent, cloud) is None
