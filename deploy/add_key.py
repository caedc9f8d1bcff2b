"""Prints the list of API_KEYS with one more key: `printf '%s\\n%s' KEY LIST | add_key.py NAME`.

A key that is in the list already leaves it as it is. The key comes by standard input, so that no
other user of the machine sees it.
"""

import hashlib
import json
import sys
from typing import Any

MAX_KEYS = 20
"""As in transfer/api_keys.py: with one more, no new worker would start."""


def add_key(name: str, key: str, text: str) -> str:
    """Return the list; raise ValueError with words for the operator if it cannot be added."""
    if not key:
        raise ValueError("There is no key on standard input.")
    entries: list[dict[str, Any]] = json.loads(text) if text.strip() else []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("The present list is no JSON list of keys: mend it first.")
    digest = hashlib.sha256(key.encode()).hexdigest()
    if any(str(entry.get("sha256")).lower() == digest for entry in entries):
        return text
    if any(entry.get("name") == name for entry in entries):
        raise ValueError(
            f"The list holds another key named {name}: choose a new name with --key-name, and take "
            "the old entry out when no sender uses it."
        )
    if len(entries) >= MAX_KEYS:
        raise ValueError(
            f"The list holds {len(entries)} keys, and Landfall takes no list of more than "
            f"{MAX_KEYS}: take those out that no sender uses."
        )
    return json.dumps([*entries, {"name": name, "sha256": digest}])


def main() -> int:
    key, _, text = sys.stdin.read().partition("\n")
    try:
        sys.stdout.write(add_key(sys.argv[1], key, text))
    except json.JSONDecodeError:
        sys.stderr.write("The present list is not JSON: mend it first.\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
