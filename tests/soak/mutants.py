"""Are the tests sharp? Puts faults into modules of the service and the forwarder: `make mutants`.

Each fault is tried in a child of this process, and only in its memory: no file is changed. A
mutant that no test notices survives and is shown. Ends with 1 if over a tenth survive.
"""

import argparse
import gc
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

import boto3
import botocore.loaders
import flask.testing  # noqa: F401 - what the tests need is loaded here, once, not in each child
import moto.server  # noqa: F401
import pytest
import requests  # noqa: F401
from moto.backends import get_backend

import tests.conftest  # noqa: F401
from tests.soak.mutations import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
CORE, HTTP = "tests/unit/transfer/test_", "tests/unit/handlers/test_"
ADAPTERS = "tests/unit/adapters/test_"
FORWARDER, SYNC = "tests/unit/forwarder/test_", "tests/unit/forwarder/sync/test_"
STORE, DIRECTORY = "tests/contract/test_gcs_", "tests/contract/test_directory_"
URLS = [f"{CORE}{n}.py" for n in ("presigned_url", "url_alphabets", "presigned_url_accepted")]
TESTS = {
    "transfer.presigned_url": [*URLS, f"{CORE}generated_urls.py"],
    "transfer.url_signature": [
        *(f"{CORE}{n}.py" for n in ("url_signature", "signers", "signers_refused")),
        *URLS,
    ],
    "transfer.signed_parameters": [
        *(f"{CORE}{n}.py" for n in ("signers", "signers_refused", "url_signature"))
    ],
    "transfer.s3_kinds": [f"{CORE}{n}.py" for n in ("s3_kinds", "host_alphabets", "s3_hosts")],
    "transfer.origins": [f"{CORE}origins.py"],
    "transfer.tenants": [f"{CORE}tenants.py", "tests/unit/test_settings_of_tenants.py"],
    "transfer.bucket_globs": [f"{CORE}bucket_globs.py"],
    "transfer.etag": [f"{CORE}etag.py"],
    "transfer.s3_hosts": [
        *(f"{CORE}{n}.py" for n in ("s3_hosts", "s3_kinds", "s3_regions", "host_alphabets")),
        *URLS,
    ],
    "transfer.message": [
        f"{CORE}message.py",
        f"{CORE}message_lengths.py",
        f"{HTTP}generated_bodies.py",
    ],
    "transfer.s3_object": [f"{CORE}s3_object.py", f"{CORE}message.py", f"{CORE}message_lengths.py"],
    "transfer.object_name": [f"{CORE}object_name.py"],
    "transfer.api_keys": [
        *(f"{CORE}api_keys.py", f"{HTTP}api_key.py"),
        *(f"tests/unit/test_settings{n}.py" for n in ("", "_of_keys")),
    ],
    "transfer.key_ring": [f"{CORE}key_ring.py"],
    "transfer.rate_limit": [f"{CORE}rate_limit.py"],
    "transfer.header_text": [f"{CORE}header_text.py"],
    "transfer.user_metadata": [f"{CORE}user_metadata.py"],
    "transfer.object_headers": [f"{CORE}object_headers.py"],
    "transfer.source_checks": [f"{CORE}source_checks.py"],
    "transfer.comparing": [f"{CORE}{n}.py" for n in ("comparing", "other_bytes", "locating")],
    "transfer.shares": [f"{CORE}{n}.py" for n in ("shares", "shares_long_transfers")],
    "transfer.admission": [f"{CORE}{n}.py" for n in ("admission", "admission_shares")],
    "transfer.permit": [f"{CORE}{n}.py" for n in ("permit", "draining", "admission")],
    "transfer.source_wait": [f"{CORE}source_wait.py"],
    "transfer.pauses": [f"{CORE}pauses.py"],
    "transfer.budget": [f"{CORE}{n}.py" for n in ("budget", "pace")],
    "transfer.reading": [f"{CORE}{n}.py" for n in ("source_wait", "interruptions")],
    "transfer.redaction": [f"{CORE}redaction.py"],
    "transfer.printable": [f"{CORE}printable.py"],
    "handlers.arriving": [f"{HTTP}arriving.py"],
    "handlers.connection": [f"{HTTP}connection.py"],
    "handlers.worker": [f"{HTTP}worker.py"],
    "listening": ["tests/unit/test_settings.py"],
    "adapters.beneath": [f"{DIRECTORY}{n}.py" for n in ("neighbours", "modes")],
    "adapters.private_files": [f"{DIRECTORY}modes.py"],
    "adapters.directory_locks": [f"{DIRECTORY}{n}.py" for n in ("locks", "neighbours")],
    "adapters.directory_record": [f"{DIRECTORY}damage.py"],
    "adapters.directory_records": [f"{DIRECTORY}{n}.py" for n in ("damage", "store")],
    "adapters.cloud_logging": [f"{ADAPTERS}cloud_logging.py"],
    "adapters.http_connection": [f"{ADAPTERS}http_connection.py"],
    "adapters.public_address": [f"{ADAPTERS}public_address.py"],
    "adapters.small_pieces": [f"{ADAPTERS}small_pieces.py"],
    "adapters.sqlite_topic": ["tests/contract/test_topic_file.py"],
    "adapters.s3_answers": [
        *(f"{ADAPTERS}{n}.py" for n in ("s3_answers", "s3_wrong_region", "s3_refusals"))
    ],
    "adapters.s3_refusals": [
        *(f"{ADAPTERS}{n}.py" for n in ("refusal_tables", "s3_refusals", "s3_wrong_region"))
    ],
    "adapters.gcs_refusals": [f"{ADAPTERS}{n}.py" for n in ("gcs_refusals", "refusal_tables")],
    "adapters.gcs_advice": [f"{ADAPTERS}refusal_tables.py"],
    "adapters.gcs_errors": [f"{ADAPTERS}{n}.py" for n in ("gcs_errors", "refusal_tables")],
    "adapters.gcs_patience": [f"{ADAPTERS}gcs_patience.py", f"{STORE}waiting.py"],
    "adapters.gcs_resources": [f"{STORE}headers.py", f"{STORE}hashes.py"],
    "handlers.api_key": [f"{HTTP}api_key.py", f"{HTTP}key_in_query.py"],
    "handlers.body": [f"{HTTP}{n}.py" for n in ("body", "generated_bodies", "errors", "objects")],
    "handlers.spec": [f"{HTTP}spec.py", f"{HTTP}api_key.py"],
    "forwarder.answers": [f"{FORWARDER}answers.py"],
    "forwarder.cloudtrail": [f"{FORWARDER}cloudtrail.py", f"{FORWARDER}event_names.py"],
    "forwarder.connections": [f"{FORWARDER}connections.py"],
    "forwarder.endpoint": [
        f"tests/integration/test_{n}.py"
        for n in ("endpoint", "endpoint_refusals", "forwarder_proxy")
    ],
    "forwarder.eventbridge": [f"{FORWARDER}wrappings.py", f"{FORWARDER}event_names.py"],
    "forwarder.events": [
        *(f"{FORWARDER}{n}.py" for n in ("events", "s3_servers", "event_names", "wrappings"))
    ],
    "forwarder.settings": [f"{FORWARDER}environment.py"],
    "forwarder.wrappings": [f"{FORWARDER}wrappings.py", f"{FORWARDER}events.py"],
    "forwarder.reasons": [f"{FORWARDER}reasons.py"],
    "forwarder.s3_refusals": [f"{FORWARDER}s3_refusals.py"],
    "forwarder.aws_failures": [f"{FORWARDER}aws_failures.py"],
    "forwarder.s3_clients": [
        *(f"{FORWARDER}{n}.py" for n in ("own_endpoints", "regions", "signing", "looking"))
    ],
    "forwarder.looking": [f"{FORWARDER}{n}.py" for n in ("looking", "keys")],
    "forwarder.message": [f"{FORWARDER}{n}.py" for n in ("message", "signing", "regions")],
    "forwarder.lambda_function": [
        *(f"tests/integration/test_forwarder_{n}.py" for n in ("queue", "outcomes"))
    ],
    "forwarder.forwarding": [f"{FORWARDER}forwarding.py", "tests/integration/test_forwarder.py"],
    "forwarder.postponing": [f"{FORWARDER}postponing.py"],
    "forwarder.report": [f"{FORWARDER}report.py"],
    "forwarder.side_by_side": [f"{FORWARDER}side_by_side.py"],
    "forwarder.api_key": [f"{FORWARDER}api_key.py"],
    "forwarder.aws": [f"{FORWARDER}api_key.py"],
    "forwarder.s3_address": [f"{FORWARDER}s3_address.py"],
    "forwarder.send": ["tests/integration/test_forwarder_send.py"],
    "forwarder.connect": [f"{FORWARDER}connect.py", "tests/integration/test_connect.py"],
    "forwarder.package": [f"{FORWARDER}package.py"],
    "forwarder.sync.__main__": [f"{SYNC}words.py", "tests/integration/test_forwarder_sync.py"],
    "forwarder.sync.bringing": [
        f"{SYNC}bringing.py",
        f"{SYNC}bringing_ends.py",
        f"{SYNC}dry_run.py",
    ],
    "forwarder.sync.verdict": [
        f"{SYNC}verdict.py",
        f"{SYNC}bringing.py",
        f"{SYNC}bringing_ends.py",
    ],
    "forwarder.sync.listing": [f"{SYNC}listing.py"],
    "forwarder.sync.inventory": [f"{SYNC}inventory.py"],
    "forwarder.sync.run": [f"{SYNC}run.py"],
    "forwarder.sync.progress": [f"{SYNC}progress.py", f"{SYNC}progress_lines.py"],
}
KILLED, SURVIVED, HUNG, UNBORN = "killed", "survived", "hung", "unborn"
PATIENCE_SECONDS, TEST_SECONDS = 120, 20
CODES = {KILLED: 10, SURVIVED: 11, HUNG: 12, UNBORN: 13}
"""By which a child tells what it found; with another code it broke down."""


class KeptFiles(botocore.loaders.JSONFileLoader):  # type: ignore[misc]
    """Reads each of botocore's descriptions of services once, not once for each session."""

    load_file = staticmethod(cache(botocore.loaders.JSONFileLoader().load_file))


def path_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def warm_up() -> None:
    """Load what takes longest in tests with AWS, so that each child finds it in its memory."""
    botocore.loaders.Loader.FILE_LOADER_CLASS = KeptFiles
    for service in ("s3", "sqs", "secretsmanager"):
        boto3.Session().client(service, region_name="us-east-1")
        get_backend(service)  # moto's


@dataclass
class Replacing(MetaPathFinder, Loader):
    """Imports one module from a source of its own."""

    name: str
    source: str

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(path_of(self.name))
        exec(compile(self.source, self.name, "exec"), module.__dict__)  # noqa: S102 - our own


def run_tests(module: str, mutant: Mutant) -> str:
    """In a child of its own: what became of the mutant."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.meta_path.insert(0, Replacing(module, mutant.source))
    try:
        __import__(module)
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it is, nobody could miss it
        return UNBORN
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout"]
    options += [f"--timeout={TEST_SECONDS}"]
    options += ["-p", "no:unraisableexception"]  # it collects garbage, which costs the most here
    ended = pytest.main([*options, *TESTS[module]])
    return SURVIVED if ended == pytest.ExitCode.OK else KILLED


def outcomes(module: str, mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, str]]:
    """Try all, some at once."""
    outcome_of = {code: outcome for outcome, code in CODES.items()}
    outcome_of[-signal.SIGTERM] = KILLED  # by a test that sends it to its own process
    waiting = list(reversed(mutants))
    running: dict[int, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            pid = os.fork()
            if pid == 0:
                os._exit(CODES[run_tests(module, mutant)])
            running[pid] = mutant, time.monotonic() + PATIENCE_SECONDS
        time.sleep(0.01)
        for pid, (mutant, ends) in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                yield running.pop(pid)[0], outcome_of[os.waitstatus_to_exitcode(status)]
            elif time.monotonic() > ends:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
                del running[pid]
                yield mutant, HUNG


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try each Nth only")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="try N of each module, spread evenly over it"
    )
    asked = parser.parse_args()
    warm_up()
    gc.freeze()
    total: Counter[str] = Counter()
    for module in asked.modules:
        source = path_of(module).read_text("utf-8")
        count: Counter[str] = Counter()
        ((_, unharmed),) = outcomes(module, [Mutant(0, "no fault", source)], 1)
        if unharmed != SURVIVED:
            sys.exit(f"The tests of {module} fail without a fault.")
        chosen = spread(mutants_of(source)[:: asked.every], asked.sample)
        for mutant, outcome in outcomes(module, chosen, asked.jobs):
            count[outcome] += 1
            if outcome == SURVIVED:
                print(f"  {module}:{mutant.line}: {mutant.what}", flush=True)
        total += count
        print(f"{module}: {summary(count)}", flush=True)
    print(f"all: {summary(total)}")
    return 0 if total[SURVIVED] <= alive(total) / 10 else 1


def spread(mutants: list[Mutant], most: int | None) -> list[Mutant]:
    if most is None or most >= len(mutants):
        return mutants
    return [mutants[number * len(mutants) // most] for number in range(most)]


def alive(count: Counter[str]) -> int:
    """Mutants that could be imported at all."""
    return count.total() - count[UNBORN]


def summary(count: Counter[str]) -> str:
    noticed = alive(count) - count[SURVIVED]
    return f"{noticed} of {alive(count)} noticed ({100 * noticed / max(1, alive(count)):.1f} %)"


if __name__ == "__main__":
    sys.exit(main())
