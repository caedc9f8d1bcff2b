"""The forwarder's stack in moto, from its template, and the part that Lambda's poller plays."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.servers.lambda_runtime import InvocationFailed, Lambda
from tests.system.service import ROOT

TEMPLATE = ROOT / "forwarder" / "template.yaml"
REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = "canaryaccess", "canarysecret"


def translated(code: str = "s3://artifacts/forwarder.zip") -> dict[str, Any]:
    """The CloudFormation template that SAM makes of ours, once it has uploaded the package."""
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    template["Resources"]["Function"]["Properties"]["CodeUri"] = code
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    result: dict[str, Any] = translator.translate(template, {})
    return result


def pack(folder: Path) -> Path:
    """Make the package that is deployed; return it."""
    package = folder / "forwarder.zip"
    run_program("forwarder.package", str(package), environment={})
    return package


def unpack(package: Path, folder: Path) -> Path:
    with ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def run_program(module: str, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run a program of the forwarder; return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@dataclass
class Aws:
    """An account of moto."""

    url: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": "canarytoken",
        }

    def create_stack(self, package: Path, **parameters: str) -> dict[str, str]:
        """Create the forwarder's stack, as far as moto can; return its outputs."""
        self._configure({"lambda": {"use_docker": False}})
        s3 = self.client("s3")
        location = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration=location)
        s3.put_object(Bucket="artifacts", Key="forwarder.zip", Body=package.read_bytes())
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName="forwarder",
            TemplateBody=json.dumps(translated()),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        )
        [stack] = cloudformation.describe_stacks(StackName="forwarder")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _configure(self, settings: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self.url}/moto-api/config",
            data=json.dumps(settings).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()


@dataclass
class Poller:
    """Feeds a function from a queue, as Lambda's event source mapping does."""

    sqs: Any
    url: str
    arn: str
    function: Lambda
    reports_failures: bool = True
    """Whether the mapping has ReportBatchItemFailures."""

    def poll(self) -> int:
        """Hand over one batch; return how many messages were in it.

        What failed comes again at once, as if the time until then had passed. After an exception
        that is the whole batch.
        """
        received = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        messages = received.get("Messages", [])
        if messages:
            failed = self._invoke(messages)
            for message in messages:
                self._settle(message, failed=message["MessageId"] in failed)
        return len(messages)

    def _invoke(self, messages: Sequence[Mapping[str, Any]]) -> set[str]:
        try:
            answer = self.function.invoke({"Records": [self._record(m) for m in messages]})
        except InvocationFailed:
            return {message["MessageId"] for message in messages}
        failures = answer["batchItemFailures"] if self.reports_failures else []
        return {item["itemIdentifier"] for item in failures}

    def _settle(self, message: Mapping[str, Any], *, failed: bool) -> None:
        target = {"QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"]}
        if failed:
            self.sqs.change_message_visibility(**target, VisibilityTimeout=0)
        else:
            self.sqs.delete_message(**target)

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": REGION,
        }
