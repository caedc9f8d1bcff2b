"""The stack: valid, least privilege, and in step with what the function needs."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from forwarder.lambda_function import lambda_handler
from forwarder.settings import read_settings
from tests.system.aws import TEMPLATE, translated

CFN_LINT = Path(sys.executable).parent / "cfn-lint"


@pytest.fixture(scope="module")
def template() -> Any:
    return yaml_parse(TEMPLATE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """What SAM makes of it: plain CloudFormation."""
    return translated()


def properties(template: Any, name: str) -> Any:
    return template["Resources"][name]["Properties"]


def lint(path: Path) -> str:
    regions = ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]
    command = [str(CFN_LINT), "--regions", *regions, "--", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr + (f"exit {done.returncode}" if done.returncode else "")


def test_cfn_lint_has_nothing_to_say_of_the_template() -> None:
    assert lint(TEMPLATE) == ""


def test_cfn_lint_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = TEMPLATE.read_text(encoding="utf-8").replace("VisibilityTimeout", "VisibleTimeout")
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    assert "VisibleTimeout" in lint(tmp_path / "wrong.yaml")


def test_sam_makes_plain_cloudformation_of_it_that_cfn_lint_accepts(
    made: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "made.json").write_text(json.dumps(made), encoding="utf-8")
    assert lint(tmp_path / "made.json") == ""
    types = {resource["Type"] for resource in made["Resources"].values()}
    assert not [kind for kind in types if kind.startswith("AWS::Serverless")]


def test_every_parameter_has_a_description(template: Any) -> None:
    assert all(len(p["Description"]) > 10 for p in template["Parameters"].values())


def test_the_readme_lists_every_parameter(template: Any) -> None:
    readme = (TEMPLATE.parent / "README.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")]
    listed = {name for cell in rows for name in re.findall("`([A-Z][A-Za-z]+)`", cell)}
    assert set(template["Parameters"]) <= listed


def test_the_queue_waits_longer_than_the_function_runs_and_has_dead_letters(
    template: Any,
) -> None:
    queue = properties(template, "Queue")
    assert queue["VisibilityTimeout"] >= 6 * properties(template, "Function")["Timeout"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert template["Parameters"]["MaxReceiveCount"]["MinValue"] >= 5


def test_the_function_takes_messages_with_bounded_concurrency_and_partial_failures(
    made: dict[str, Any],
) -> None:
    mapping = properties(made, "FunctionMessages")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_only_s3_may_write_to_the_queue_and_only_for_this_bucket(template: Any) -> None:
    [statement] = properties(template, "QueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert set(statement["Condition"]) == {"ArnEquals", "StringEquals"}


def test_the_role_may_do_what_the_function_does_and_nothing_else(made: dict[str, Any]) -> None:
    role = properties(made, "Role")
    assert "ManagedPolicyArns" not in role
    assert properties(made, "Function")["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    [policy] = role["Policies"]
    allowed: dict[str, str] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        if "Fn::If" in statement:
            statement = statement["Fn::If"][1]  # noqa: PLW2901 - the condition's "then"
        actions = statement["Action"]
        if isinstance(actions, dict):
            actions = actions["Fn::If"][1]
        for action in [actions] if isinstance(actions, str) else actions:
            allowed[action] = json.dumps(statement["Resource"])
    assert set(allowed) == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "secretsmanager:GetSecretValue",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    }
    assert not [action for action, resource in allowed.items() if resource == '"*"']
    for action, resource in allowed.items():
        if action.startswith("s3:"):
            assert "${BucketName}" in resource
        if action.startswith("sqs:"):
            assert json.loads(resource) == {"Fn::GetAtt": ["Queue", "Arn"]}


@pytest.mark.parametrize(
    ("alarm", "queue"), [("DeadLettersAlarm", "DeadLetters"), ("AgeAlarm", "Queue")]
)
def test_an_alarm_watches(alarm: str, queue: str, template: Any) -> None:
    watched = properties(template, alarm)
    assert watched["Namespace"] == "AWS/SQS"
    assert watched["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
    ]


def test_a_bucket_that_is_made_tells_the_queue_and_outlives_the_stack(template: Any) -> None:
    bucket = template["Resources"]["Bucket"]
    [told] = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Queue"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert told["Event"] == "s3:ObjectCreated:*"
    assert (bucket["Condition"], bucket["DependsOn"]) == ("MakesBucket", "QueuePolicy")
    assert bucket["DeletionPolicy"] == "Retain"


def test_the_function_accepts_the_environment_that_the_stack_gives_it(template: Any) -> None:
    function = properties(template, "Function")
    variables = function["Environment"]["Variables"]
    given = {
        "EndpointUrl": "https://landfall.example/processmessage",
        "ApiKeySecretArn": "arn:aws:secretsmanager:eu-west-3:1:secret:landfall",
    }
    for name, parameter in template["Parameters"].items():
        given.setdefault(name, str(parameter.get("Default")))
    settings = read_settings({name: given[value["Ref"]] for name, value in variables.items()})
    assert settings.api_key_secret == given["ApiKeySecretArn"]
    assert settings.url_expires_seconds == 3600
    assert function["Handler"] == f"{lambda_handler.__module__}.{lambda_handler.__name__}"
