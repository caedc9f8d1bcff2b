"""The forwarder as it is deployed: AWS's own runtime starts its package, S3 tells its queue.

S3, SQS, Secrets Manager and CloudFormation are moto's, the stack is made of the template, and
behind it runs Landfall.
"""

import json
import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from moto.server import ThreadedMotoServer

from tests.servers.lambda_runtime import InvocationFailed, Lambda, running_function
from tests.system.aws import REGION, SECRET_KEY, Aws, Poller, pack, run_program, unpack
from tests.system.backends import Embedded
from tests.system.service import API_KEY, ROOT, serving

HANDLER = "forwarder.lambda_function.lambda_handler"
PAYLOADS = ROOT / "tests" / "payloads"
BUCKET = "heron-nest"
MAX_OBJECT_BYTES = 6 * 1024 * 1024
PART_BYTES = 5 * 1024 * 1024
PUT = ("heron-meadow", "field notes/Zürich+Bern (copy 2).csv")
FOLDER = ("heron-meadow", "inbox/new folder/")
NOTES = ("heron-meadow", "field notes/new.csv")
SCAN = ("heron-scans", "scans/50% reed+sedge.tif")
MOVIE = ("heron-renders", "renders/marsh at dawn.mov")
LEDGER = ("heron-archive", "ledgers/50%25 off+more.txt")


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Aws(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="module")
def endpoint(
    aws: Aws, backend: Embedded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("service")
    limit = str(MAX_OBJECT_BYTES)
    with serving(folder, backend, S3_ENDPOINTS=aws.url, MAX_OBJECT_BYTES=limit) as service:
        yield f"http://127.0.0.1:{service.port}/processmessage"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def stack(aws: Aws, endpoint: str, package: Path) -> dict[str, str]:
    """The template's stack for a bucket that exists; its outputs."""
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="landfall-api-key", SecretString=API_KEY)["ARN"]
    with warnings.catch_warnings():
        # moto has no queue policies and no alarms; test_template.py looks at those.
        warnings.simplefilter("ignore", UserWarning)
        return aws.create_stack(
            package,
            BucketName=BUCKET,
            EndpointUrl=endpoint,
            ApiKeySecretArn=arn,
            MaxReceiveCount="5",
        )


@pytest.fixture(scope="module")
def function(
    aws: Aws, stack: dict[str, str], package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lambda]:
    """The stack's function, with the environment that the stack gives it."""
    name = {"FunctionName": stack["FunctionName"]}
    configuration = aws.client("lambda").get_function_configuration(**name)
    assert configuration["Handler"] == HANDLER
    folder = tmp_path_factory.mktemp("function")
    variables = configuration["Environment"]["Variables"]
    environment = {name: str(value) for name, value in variables.items()} | aws.environment
    unpacked = unpack(package, folder / "task")
    with running_function(HANDLER, unpacked, environment, folder / "log") as function:
        yield function


@pytest.fixture(scope="module")
def objects(aws: Aws) -> dict[tuple[str, str], bytes]:
    """The objects that the payloads tell of, by bucket and key."""
    bodies = {where: f"bytes of {where}".encode() for where in (PUT, NOTES, SCAN, MOVIE, LEDGER)}
    bodies[FOLDER] = b""
    s3 = aws.client("s3")
    for (bucket, key), body in bodies.items():
        if bucket not in {b["Name"] for b in s3.list_buckets()["Buckets"]}:
            make_bucket(s3, bucket)
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return bodies


def make_bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def outcomes(function: Lambda, since: int) -> set[tuple[str, str]]:
    """The objects of which the function's log says, from there on, that they are landed."""
    lines = [json.loads(line) for line in function.log()[since:].splitlines()]
    landed = [line for line in lines if line.get("status") in ("landed", "already-landed")]
    return {(line["bucket"], line["key"]) for line in landed}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3-put", [PUT]),
        ("s3-multipart", [MOVIE]),
        ("s3-copy", [LEDGER]),
        ("s3-two-records-with-tagging", [FOLDER]),
        ("s3-removed", []),
        ("s3-delete-marker", []),
        ("s3-test-event", []),
        ("sns", [PUT]),
        ("sqs-batch", [PUT, FOLDER, SCAN]),
        ("sqs-of-sns", [PUT, SCAN]),
        ("sqs-of-raw-sns", [PUT, MOVIE]),
        ("eventbridge-created", [SCAN]),
        ("eventbridge-deleted", []),
        ("eventbridge-api-call", [SCAN]),
        ("minio-put", [NOTES]),
        ("ceph-put", [NOTES]),
    ],
)
def test_an_event_in_any_wrapping_lands_exactly_its_objects(
    name: str,
    expected: list[tuple[str, str]],
    function: Lambda,
    objects: dict[tuple[str, str], bytes],
    backend: Embedded,
) -> None:
    event = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    before = len(function.log())
    answer = function.invoke(event)
    cut_off = "5f5f5f5f-0000-4000-8000-000000000004"
    failures = [{"itemIdentifier": cut_off}] if name == "sqs-batch" else []
    assert answer == ({"batchItemFailures": failures} if name.startswith("sqs-") else None)
    assert outcomes(function, before) == set(expected)
    for bucket, key in expected:
        if objects[bucket, key]:
            assert backend.read(f"{bucket}/{key}") == objects[bucket, key]


def test_an_event_that_is_not_known_fails_the_invocation_and_says_why(function: Lambda) -> None:
    event = json.loads((PAYLOADS / "s3-unknown-major.json").read_text(encoding="utf-8"))
    with pytest.raises(InvocationFailed, match=r"UnknownEvent.*deploy a forwarder that knows it"):
        function.invoke(event)
    with pytest.raises(InvocationFailed, match=r"UnknownEvent.*send S3 event notifications"):
        function.invoke({"hello": "world"})


def test_new_objects_land_by_way_of_the_queue_and_what_must_fail_becomes_a_dead_letter(
    aws: Aws, stack: dict[str, str], function: Lambda, backend: Embedded
) -> None:
    s3, sqs = aws.client("s3"), aws.client("sqs")
    make_bucket(s3, BUCKET)
    mapping = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"][0]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # moto's own poller would take the messages and throw them away.
    aws.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    environment = {"PATH": os.environ["PATH"], **aws.environment}
    told = run_program("forwarder.connect", BUCKET, stack["QueueArn"], environment=environment)
    assert stack["QueueArn"] in told

    bodies = {f"new {n}+ü.csv": os.urandom(1000 + n) for n in range(12)}
    bodies["big.mov"] = os.urandom(MAX_OBJECT_BYTES)
    parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    s3.upload_fileobj(BytesIO(bodies["big.mov"]), BUCKET, "big.mov", Config=parts)
    for key, body in bodies.items():
        if key != "big.mov":
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    s3.put_object(Bucket=BUCKET, Key="too big", Body=bytes(MAX_OBJECT_BYTES + 1))
    s3.put_object(Bucket=BUCKET, Key="deleted at once", Body=b"1")
    s3.delete_object(Bucket=BUCKET, Key="deleted at once")
    sqs.send_message(QueueUrl=stack["QueueUrl"], MessageBody='{"Records": [{"cut o')

    since = len(function.log())
    poller = Poller(sqs, stack["QueueUrl"], stack["QueueArn"], function)
    batches = [poller.poll() for _ in range(20)]
    assert sum(batches) >= 12 + 1 + 1 + 5 + 5
    assert batches[-1] == 0

    for key, body in bodies.items():
        assert backend.read(f"{BUCKET}/{key}") == body
    landed = [heard for heard in backend.heard() if heard.attributes["s3Bucket"] == BUCKET]
    assert len(landed) == len(bodies)
    verified = {heard.attributes["objectId"]: heard.attributes["verified"] for heard in landed}
    assert set(verified) == {f"{BUCKET}/{key}" for key in bodies}
    assert "multipart-etag" in verified[f"{BUCKET}/big.mov"]
    assert "crc32" in verified[f"{BUCKET}/new 0+ü.csv"]
    assert sorted(_dead_letters(sqs, stack)) == ["cut off", "too big"]
    lines = [json.loads(line) for line in function.log()[since:].splitlines()]
    # The runtime adds a line of its own for each exception.
    reasons = [line["reason"] for line in lines if "reason" in line]
    assert sorted(reasons) == ["OBJECT_TOO_LARGE"] * 5 + ["UNKNOWN_EVENT"] * 5
    assert [line["key"] for line in lines if line.get("status") == "gone"] == ["deleted at once"]


def test_a_mapping_that_reads_no_answer_keeps_a_batch_that_failed_as_a_whole(
    aws: Aws, stack: dict[str, str], function: Lambda
) -> None:
    sqs, url = aws.client("sqs"), stack["QueueUrl"]
    poller = Poller(sqs, url, stack["QueueArn"], function, reports_failures=False)
    sqs.send_message(QueueUrl=url, MessageBody="not JSON")
    assert [poller.poll(), poller.poll()] == [1, 1]
    sqs.purge_queue(QueueUrl=url)


def test_with_pinned_versions_every_version_lands_under_its_own_name(
    aws: Aws, package: Path, tmp_path: Path
) -> None:
    s3, backend = aws.client("s3"), Embedded(tmp_path / "landed")
    make_bucket(s3, "heron-pinned")
    s3.put_bucket_versioning(Bucket="heron-pinned", VersioningConfiguration={"Status": "Enabled"})
    [record] = json.loads((PAYLOADS / "s3-put.json").read_text(encoding="utf-8"))["Records"]
    bodies = {}
    for body in (b"first", b"second, and longer"):
        version = s3.put_object(Bucket="heron-pinned", Key="v", Body=body)["VersionId"]
        bodies[version] = body
    bucket = {"name": "heron-pinned"}
    records = [
        record | {"s3": {"bucket": bucket, "object": {"key": "v", "versionId": version}}}
        for version in bodies
    ]
    name = "{bucket}/{key}@{version_id}"
    with serving(tmp_path, backend, S3_ENDPOINTS=aws.url, OBJECT_NAME=name) as service:
        environment = aws.environment | {
            "ENDPOINT_URL": f"http://127.0.0.1:{service.port}/processmessage",
            "ENDPOINT_API_KEY": API_KEY,
            "PIN_VERSIONS": "true",
        }
        unpacked = unpack(package, tmp_path / "task")
        with running_function(HANDLER, unpacked, environment, tmp_path / "log") as function:
            assert function.invoke({"Records": records}) is None
    for version, body in bodies.items():
        assert backend.read(f"heron-pinned/v@{version}") == body


def test_all_that_the_function_writes_is_json_without_secrets(function: Lambda) -> None:
    log = function.log()
    assert len([json.loads(line) for line in log.splitlines()]) > 10
    for secret in (API_KEY, SECRET_KEY, "canarytoken", "X-Amz-", "Signature="):
        assert secret not in log


def _dead_letters(sqs: Any, stack: dict[str, str]) -> list[str]:
    """What is in the dead-letter queue: the keys of objects, or that a message was cut off."""
    account, name = stack["DeadLettersArn"].split(":")[4:]
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    letters = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [_key(letter["Body"]) for letter in letters]


def _key(body: str) -> str:
    try:
        key: str = json.loads(body)["Records"][0]["s3"]["object"]["key"]
    except ValueError:
        return "cut off"
    return key.replace("+", " ")
