"""Reads commands of gcloud with its own parser, and runs none: `gcloud_parser.py SDK <FILE`.

It runs under the Python of the SDK. FILE is a JSON list. Prints another: what is
wrong with each command, or null.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any


def problem(parser: Any, argv: list[str], said: io.StringIO) -> str | None:
    """Return what the parser says against this command."""
    said.seek(0)
    said.truncate()
    try:
        parsed = parser.parse_args(argv)
        if parsed.CONCEPT_ARGS is not None:
            parsed.CONCEPT_ARGS.ParseConcepts()
    except SystemExit:
        return said.getvalue()
    except Exception as error:  # noqa: BLE001 - gcloud's own errors, of many kinds
        return f"{type(error).__name__}: {error}"
    return None


def main(sdk: Path) -> None:
    sys.path[:0] = [str(sdk / "lib"), str(sdk / "lib" / "third_party")]
    sys.stderr = said = io.StringIO()  # before gcloud's log takes the real one
    from googlecloudsdk import gcloud_main

    parser = gcloud_main.CreateCLI([])._CLI__parser  # noqa: SLF001 - there is no public way
    commands = json.load(sys.stdin)
    sys.stdout.write(json.dumps([problem(parser, command, said) for command in commands]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
