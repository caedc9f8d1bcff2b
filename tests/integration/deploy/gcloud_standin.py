"""Plays gcloud for the scripts in deploy/: records what it is told, and remembers what was made.

It runs as a program of its own. STANDIN names its directory: record.jsonl, state.json, and files
that a test puts there (`broken`: the words of a command that fails, and on a second line what it
says then; `objects`: the bucket is not empty).
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import TextIO

HOME = Path(os.environ["STANDIN"])
STATE = HOME / "state.json"
Made = dict[str, dict[str, str]]


class Refused(Exception):
    """What gcloud says before it ends with 1."""


def main() -> int:
    argv = sys.argv[1:]
    words = [word for word in argv if not word.startswith("--")]
    flags = dict(word[2:].partition("=")[::2] for word in argv if word.startswith("--"))
    stdin = sys.stdin.read() if flags.get("data-file") == "-" else ""
    with (HOME / "record.jsonl").open("a") as record:
        record.write(json.dumps({"argv": argv, "stdin": stdin}) + "\n")
    made: Made = json.loads(STATE.read_text())
    try:
        fail_if_broken(" ".join(words))
        out = answer(words, flags, stdin, made)
    except Refused as refused:
        say(sys.stderr, f"ERROR: (gcloud) {refused}\n")
        return 1
    STATE.write_text(json.dumps(made))
    say(sys.stdout, "".join(f"{line}\n" for line in out))
    return 0


def fail_if_broken(command: str) -> None:
    broken = HOME / "broken"
    if broken.exists():
        words, _, says = broken.read_text().partition("\n")
        if command.startswith(words):
            raise Refused(says or "PERMISSION_DENIED: the caller does not have permission")


def say(stream: TextIO, text: str) -> None:
    """Print, and write it into a log in the person's home, as the real one does."""
    stream.write(text)
    if not os.environ.get("CLOUDSDK_CORE_DISABLE_FILE_LOGGING"):
        with (HOME / "gcloud.log").open("a") as log:
            log.write(text)


def answer(words: list[str], flags: dict[str, str], stdin: str, made: Made) -> list[str]:
    """Return the lines of the answer; what the command makes goes into `made`."""
    if words[-2].endswith("-iam-policy") or words[-2].endswith("-iam-policy-binding"):
        return rights(words, flags, made)
    match words:
        case ["auth" | "billing" | "config", *_] | ["beta", "services", "identity", "create"]:
            return []
        case ["storage", *rest]:
            return storage(rest, flags, made)
        case ["secrets", "versions", verb, *_]:
            return secret_versions(verb, flags.get("secret") or words[-1], stdin, made)
        case ["services", "api-keys", *rest]:
            return api_keys(rest, flags, made)
        case ["services", verb, *names]:
            return services(verb, names, flags, made)
        case ["app", *rest]:
            return app(rest, flags, made)
        case [*_, "monitoring", _, "create" | "list"] | [*_, "monitoring", _, "update", _]:
            return monitoring(words, flags, made)
        case [*group, verb, name]:
            return resource(" ".join(group), verb, name, flags, made)
    raise Refused(f"the stand-in does not know {' '.join(words)}")


def resource(group: str, verb: str, name: str, flags: dict[str, str], made: Made) -> list[str]:
    if verb == "create":
        return create(group, name, flags, made)
    if verb == "deploy":
        there(made, "app", "app")  # its host is that of App Engine
        host = re.search(r'^host: "(.+?)"', Path(name).read_text(), re.MULTILINE)
        made[group][host[1] if host else "no host"] = ""
        return []
    if name == "list":
        return list(made[f"{group} {verb}"])
    there(made, group, name)
    if verb == "delete":
        del made[group][name]
    return ["123456789012" if group == "projects" else f"name: {name}"]


def rights(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    *group, verb, name = words
    there(made, " ".join(group), name)
    if verb == "get-iam-policy":
        held = [binding.split(" ") for binding in made["bindings"]]
        return [f"{member}\t{role}" for where, member, role in held if where == name]
    kind, _, account = flags["member"].partition(":")
    if kind == "serviceAccount" and account.startswith("landfall@"):
        there(made, "iam service-accounts", account)
    binding = f"{name} {flags['member']} {flags['role']}"
    if verb.startswith("add"):
        made["bindings"][binding] = ""
    else:
        del made["bindings"][binding]
    return []


def services(verb: str, names: list[str], flags: dict[str, str], made: Made) -> list[str]:
    if verb == "enable":
        made["services"] |= dict.fromkeys(names, "")
    wanted = flags.get("filter", "").removeprefix("config.name=")
    return [name for name in made["services"] if wanted in ("", name)]


def monitoring(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    if words[-2] == "update":
        made[" ".join(words[:-2])][words[-1]] += flags["add-notification-channels"]
        return []
    group = " ".join(words[:-1])
    file = flags.get("config-from-file") or flags.get("policy-from-file")
    if file:
        title = json.loads(Path(file).read_text())["displayName"]
        channels = flags.get("notification-channels", "")
        made[group][f"id-{len(made[group])}"] = f"{title}\t{channels}"
        return []
    return [f"{name}\t{title_and_channels}" for name, title_and_channels in made[group].items()]


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
    if words[1] == "notifications":
        return notifications(words[2], words[3], flags, made)
    verb, name = words[-2], words[-1].removeprefix("gs://")
    full = (HOME / "objects").exists()
    if verb == "create":
        create("storage buckets", name, flags, made)
        made["storage buckets"][name] = json.dumps(bucket_settings(flags))
        return []
    if name not in made["storage buckets"]:
        raise Refused(f"gs://{name} not found: 404.")
    if verb == "ls":
        return [f"gs://{name}/my-bucket/"] if full else []
    if verb == "delete" and full:
        raise Refused("HTTPError 409: The bucket you tried to delete is not empty.")
    if verb in ("delete", "rm"):
        del made["storage buckets"][name]
    settings = json.loads(made["storage buckets"].get(name) or "{}") | bucket_settings(flags)
    if verb == "update":
        made["storage buckets"][name] = json.dumps(settings)
    return [json.dumps(settings)] if verb == "describe" else []


def bucket_settings(flags: dict[str, str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    if "uniform-bucket-level-access" in flags:
        settings["uniform_bucket_level_access"] = True
    if "public-access-prevention" in flags:
        settings["public_access_prevention"] = "enforced"
    if "lifecycle-file" in flags:
        settings["lifecycle_config"] = json.loads(Path(flags["lifecycle-file"]).read_text())
    return settings


def notifications(verb: str, name: str, flags: dict[str, str], made: Made) -> list[str]:
    bucket = name.removeprefix("gs://") if verb != "delete" else name.split("/")[3]
    entries = json.loads(made["notifications"].get(bucket, "[]"))
    if verb == "create":
        there(made, "storage buckets", bucket)
        there(made, "pubsub topics", flags["topic"].rpartition("/")[2])
        topic = f"//pubsub.googleapis.com/{flags['topic']}"
        one = {"topic": topic, "id": str(len(entries) + 1)}
        entries.append({"Bucket URL": f"gs://{bucket}/", "Notification Configuration": one})
    if verb == "delete":
        number = name.rpartition("/")[2]
        entries = [e for e in entries if e["Notification Configuration"]["id"] != number]
    made["notifications"][bucket] = json.dumps(entries)
    return [json.dumps(entries)] if verb == "list" else []


def secret_versions(verb: str, secret: str, stdin: str, made: Made) -> list[str]:
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
        found = listed(list(keys), flags)
        return [f"projects/123456789012/locations/global/keys/{title}" for title in found]
    if words[0] == "create":
        there(made, "endpoints services", flags["api-target"].removeprefix("service="))
        keys[flags["display-name"]] = key = "AIza" + os.urandom(16).hex()
        # As the real one does.
        say(sys.stderr, f'Operation complete. Result: {{"keyString":"{key}"}}\n')
        return []
    title = words[1].rpartition("/")[2]
    if words[0] == "delete":
        del keys[title]
        return []
    return [keys[title]]


def listed(titles: list[str], flags: dict[str, str]) -> list[str]:
    """As the real one: limited before it is filtered; = is about to match words of a text."""
    title, is_pattern = re.subn(r"^displayName~", "", flags["filter"])
    pattern = title if is_pattern else rf"\b{re.escape(title.removeprefix('displayName='))}\b"
    return [each for each in titles[: int(flags.get("limit", "999"))] if re.search(pattern, each)]


def app(words: list[str], flags: dict[str, str], made: Made) -> list[str]:
    if words == ["describe"]:
        if not made["app"]:
            raise Refused(
                "The current Google Cloud project [p] does not contain an App Engine application."
            )
        return ["servingStatus: SERVING"]
    if words == ["create"]:
        create("app", "app", flags, made)
    if words[0] == "deploy":
        there(made, "app", "app")
        folder = Path(words[1]).parent
        account = re.search(r'^service_account: "(.+?)"', Path(words[1]).read_text(), re.MULTILINE)
        there(made, "iam service-accounts", account[1] if account else "none")
        made["app versions"] = {flags["version"]: "SERVING"}
        made["deployed"] = {
            str(path.relative_to(folder)): path.read_text()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    if words[:2] == ["versions", "stop"]:
        made["app versions"][words[2]] = "STOPPED"
    if words == ["versions", "list"]:
        # A version that was stopped keeps its share of the traffic.
        wanted = re.match(r"id=(\S+) AND traffic_split>0", flags["filter"])
        serving = "version.servingStatus=SERVING" in flags["filter"]
        return [
            name
            for name, status in made["app versions"].items()
            if (not wanted or name == wanted[1]) and (not serving or status == "SERVING")
        ]
    return []
