"""All settings of the protocol's model, also the large ones: `python -m tests.soak.model`."""

import argparse
import logging
import resource
import sys

from tests.model.calls import Violation
from tests.model.explorer import explore
from tests.model.settings import LONG, SHORT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="only what the tests explore too")
    settings = SHORT if parser.parse_args().short else SHORT | LONG
    logging.disable()  # the reconciler tells of each object that it announces
    states = transitions = 0
    for name, setting in settings.items():
        try:
            report = explore(setting)
        except Violation as violation:
            print(f"{name}: {violation}")
            return 1
        states += report.states
        transitions += report.transitions
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{name}: {report}, at most {megabytes} MB so far", flush=True)
    print(f"{states:,} states, {transitions:,} transitions, no promise broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
