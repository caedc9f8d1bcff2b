"""Makes an API key: `make key NAME=lambda`. Prints the key once, and its entry for API_KEYS."""

import hashlib
import json
import secrets
import sys

PREFIX = "landfall_"
"""Lets secret scanners find a key that was committed by mistake."""


def main(name: str) -> None:
    key = PREFIX + secrets.token_urlsafe(32)
    entry = {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest()}
    print(f"The key, for the sender. It is not kept anywhere:\n{key}\n")
    print(f"Its entry in the list of API_KEYS, for the service:\n{json.dumps(entry)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "lambda")
