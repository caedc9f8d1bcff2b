"""Puts values into copies of app.yaml and openapi.yaml: `fill_in.py FOLDER NAME=VALUE...`

Nothing else changes: comments and order stay. HOST is the service's name, in both files, and
ACCOUNT its account; every other NAME is a setting of app.yaml.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

PLACEHOLDERS = ("my-project", "my-landing-bucket", "my-source-bucket")
_VALUE = r"""[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[^\s#][^\n#]*?)(?=[ \t]*(?:#|$))"""


def fill_in_app(text: str, host: str, account: str, settings: Mapping[str, str]) -> str:
    """Return app.yaml with these values; raise ValueError if one has no place or lacks."""
    text = _replace(
        text, r"^endpoints_api_service:(?:[ \t]*#.*)?\n(?:[ \t]+.*\n)*?[ \t]+name:", host
    )
    text = _replace(text, r"^service_account:", account)
    for name, value in settings.items():
        text = _replace(text, rf"^[ \t]+{re.escape(name)}:", value)
    bare = re.sub(r"(?m)(?:^|[ \t])#.*$", "", text)
    left = [word for word in PLACEHOLDERS if word in bare]
    # A project may be named like a placeholder.
    if any(word not in host and word not in " ".join(settings.values()) for word in left):
        raise ValueError(
            f"app.yaml still holds {', '.join(left)}: fill_in.py knows no value for it."
        )
    return text


def fill_in_spec(text: str, host: str) -> str:
    """Return openapi.yaml for this host; raise ValueError if it names none."""
    return _replace(text, r"^host:", host)


def _replace(text: str, place: str, value: str) -> str:
    pattern = re.compile(rf"({place}){_VALUE}", re.MULTILINE)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"There must be one place, with a value, that reads like {place}.")
    return pattern.sub(lambda found: f"{found[1]} {json.dumps(value)}", text)


def main() -> int:
    directory = Path(sys.argv[1])
    settings = dict(pair.split("=", 1) for pair in sys.argv[2:])
    host, account = settings.pop("HOST"), settings.pop("ACCOUNT")
    app, spec = directory / "app.yaml", directory / "openapi.yaml"
    try:
        app.write_text(fill_in_app(app.read_text("utf-8"), host, account, settings), "utf-8")
        spec.write_text(fill_in_spec(spec.read_text("utf-8"), host), "utf-8")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
