"""Plays gcloud for the scripts in deploy/: records what it is told, and remembers what was made.

It runs as a program of its own. STANDIN names its directory: record.jsonl, state.json, and files that
a test puts there (`broken`: the words of a command that fails; `objects`: the bucket is not empty).
"""

import json
import os
import re
import sys
from pathlib import Path

HOME = Path(os.environ["STANDIN"])
STATE = HOME / "state.json"
Made = dict[str, dict[str, str]]


class Refused(Exception):
    """What gcloud says before it ends with 1."""


def main(argv: list[str]) -> int:
    words = [word for word in argv if not word.startswith("--")]
    flags = dict(word[2:].partition("=")[::2] for word in argv if word.startswith("--"))
    stdin = sys.stdin.read() if flags.get("data-file") == "-" else ""
    with (HOME / "record.jsonl").open("a") as record:
        record.write(json.dumps({"argv": argv, "stdin": stdin}) + "\n")
    made: Made = json.loads(STATE.read_text())
    try:
        broken = HOME / "broken"
        if broken.exists() and " ".join(words).startswith(broken.read_text()):
            raise Refused("PERMISSION_DENIED: the caller does not have permission")
        out = answer(words, flags, stdin, made)
    except Refused as refused:
        sys.stderr.write(f"ERROR: (gcloud) {refused}\n")
        return 1
    STATE.write_text(json.dumps(made))
    sys.stdout.write("".join(f"{line}\n" for line in out))
    return 0


def answer(words: list[str], flags: dict[str, str], stdin: str, made: Made) -> list[str]:
    """Return the lines of the answer; what the command makes goes into `made`."""
    match words:
        case ["config", "get-value", "project"]:
            return []
        case ["auth", "login"] | ["billing", "projects", "link", _]:
            return []
        case ["beta", "services", "identity", "create"]:
            return []
        case ["pubsub", "subscriptions", "pull", name]:
            there(made, "pubsub subscriptions", name)
            return []
        case ["projects", "describe", name]:
            there(made, "projects", name)
            return ["123456789012"]
        case ["services", "enable", *names]:
            made["services"] |= dict.fromkeys(names, "")
            return []
        case ["services", "list"]:
            wanted = flags.get("filter", "").removeprefix("config.name=")
            return [name for name in made["services"] if wanted in ("", name)]
        case [*group, "get-iam-policy", name]:
            there(made, " ".join(group), name)
            held = [binding.split(" ") for binding in made["bindings"]]
            return [f"{role}\t{member}" for where, member, role in held if where == name]
        case [*group, "add-iam-policy-binding", name]:
            there(made, " ".join(group), name)
            if flags["member"].startswith("serviceAccount:landfall@"):
                there(made, "iam service-accounts", flags["member"].partition(":")[2])
            made["bindings"][f"{name} {flags['member']} {flags['role']}"] = ""
            return []
        case [*group, "remove-iam-policy-binding", name]:
            there(made, " ".join(group), name)
            del made["bindings"][f"{name} {flags['member']} {flags['role']}"]
            return []
        case ["storage", *rest]:
            return storage(rest, flags, made)
        case ["secrets", "versions", verb, *_]:
            return secret_versions(verb, words, flags, stdin, made)
        case ["services", "api-keys", *rest]:
            return api_keys(rest, flags, made)
        case ["app", *rest]:
            return app(rest, flags, made)
        case ["endpoints", "services", "deploy", file]:
            host = re.search(r'^host: "(.+?)"', Path(file).read_text(), re.MULTILINE)
            assert host
            made["endpoints services"][host[1]] = ""
            return []
        case [*group, "create"] if "monitoring" in group:
            file = flags.get("config-from-file") or flags["policy-from-file"]
            title = json.loads(Path(file).read_text())["displayName"]
            made[" ".join(group)][f"id-{len(made[' '.join(group)])}"] = title
            return []
        case [*group, "list"] if "monitoring" in group:
            pairs = made[" ".join(group)].items()
            both = flags["format"] == "value(name,displayName)"
            return [f"{name}\t{title}" if both else title for name, title in pairs]
        case [*group, "describe", name]:
            there(made, " ".join(group), name)
            return []
        case [*group, "create", name]:
            return create(" ".join(group), name, flags, made)
        case [*group, "delete", name]:
            there(made, " ".join(group), name)
            del made[" ".join(group)][name]
            return []
    raise Refused(f"the stand-in does not know {' '.join(words)}")


def there(made: Made, group: str, name: str) -> None:
    if name.removeprefix("gs://") not in made[group]:
        raise Refused(f"NOT_FOUND: {group} {name}")


def create(group: str, name: str, flags: dict[str, str], made: Made) -> list[str]:
    if group == "iam service-accounts":
        name += f"@{flags['project']}.iam.gserviceaccount.com"
    if name in made[group]:
        raise Refused(f"ALREADY_EXISTS: {group} {name}")
    for flag in ("topic", "dead-letter-topic"):
        if group == "pubsub subscriptions" and flag in flags:
            there(made, "pubsub topics", flags[flag])
    made[group][name] = ""
    return []


def storage(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    name = words[-1].removeprefix("gs://")
    if words[0] == "ls":
        return [f"gs://{name}/my-bucket/"] if (HOME / "objects").exists() else []
    if words[0] == "rm":
        there(made, "storage buckets", name)
        del made["storage buckets"][name]
        return []
    if words[1] == "notifications":
        if words[2] == "list":
            return [made["notifications"].get(name, "[]")]
        if words[2] == "create":
            there(made, "storage buckets", name)
            there(made, "pubsub topics", flags["topic"].rpartition("/")[2])
            others = json.loads(made["notifications"].get(name, "[]"))
            other = {"topic": f"//pubsub.googleapis.com/{flags['topic']}", "id": str(len(others) + 1)}
            entry = {"Bucket URL": f"gs://{name}/", "Notification Configuration": other}
            made["notifications"][name] = json.dumps([*others, entry])
            return []
        _, _, _, bucket, _, wanted = name.split("/")
        kept = [
            entry
            for entry in json.loads(made["notifications"][bucket])
            if entry["Notification Configuration"]["id"] != wanted
        ]
        made["notifications"][bucket] = json.dumps(kept)
        return []
    if words[1] == "create":
        return create("storage buckets", name, flags, made)
    there(made, "storage buckets", name)
    if words[1] == "delete":
        if (HOME / "objects").exists():
            raise Refused("HTTPError 409: The bucket you tried to delete is not empty.")
        del made["storage buckets"][name]
    if words[1] == "update":
        made["storage buckets"][name] = Path(flags["lifecycle-file"]).read_text()
    rules = made["storage buckets"].get(name) or "null"
    return [f'{{"lifecycle_config": {rules}}}'] if words[1] == "describe" else []


def secret_versions(
    verb: str, words: list[str], flags: dict[str, str], stdin: str, made: Made
) -> list[str]:
    secret = flags.get("secret") or words[-1]
    there(made, "secrets", secret)
    if verb == "add":
        made["secrets"][secret] = stdin
        return []
    held = made["secrets"][secret]
    if verb == "access" and not held:
        raise Refused("NOT_FOUND: the secret has no versions")
    return [held] if verb == "access" else ["1"] * bool(held)


def api_keys(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    keys = made["services api-keys"]
    if words[0] == "list":
        title = flags["filter"].removeprefix("displayName=")
        return [f"projects/123456789012/locations/global/keys/{title}"] if title in keys else []
    if words[0] == "create":
        there(made, "endpoints services", flags["api-target"].removeprefix("service="))
        keys[flags["display-name"]] = key = "AIza" + os.urandom(16).hex()
        # As the real one does.
        sys.stderr.write(f'Operation complete. Result: {{"keyString":"{key}"}}\n')
        return []
    title = words[1].rpartition("/")[2]
    if words[0] == "delete":
        del keys[title]
        return []
    return [keys[title]]


def app(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    if words == ["describe"]:
        there(made, "app", "app")
    if words == ["create"]:
        create("app", "app", flags, made)
    if words[0] == "deploy":
        there(made, "app", "app")
        there(made, "iam service-accounts", flags["service-account"])
        folder = Path(words[1]).parent
        made["app versions"] = {flags["version"]: "SERVING"}
        made["deployed"] = {
            str(path.relative_to(folder)): path.read_text()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    if words[:2] == ["versions", "stop"]:
        made["app versions"][words[2]] = "STOPPED"
    if words == ["versions", "list"]:
        found = re.match(r"id=(\S+) AND traffic_split>0", flags["filter"])
        if found:
            return [name for name in made["app versions"] if name == found[1]]
        return [name for name, status in made["app versions"].items() if status == "SERVING"]
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
