"""Names of events: creations are forwarded, known others ignored, and all the rest fails."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from forwarder.events import UnknownEvent
from forwarder.wrappings import created_objects

PAYLOADS = Path(__file__).parents[2] / "payloads"

AMAZON = [
    "ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectRestore:Post",
    "ObjectRestore:Completed", "ObjectRestore:Delete", "ReducedRedundancyLostObject",
    "Replication:OperationFailedReplication", "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold", "Replication:OperationNotTracked",
    "LifecycleExpiration:Delete", "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition", "IntelligentTiering", "ObjectTagging:Put", "ObjectTagging:Delete",
    "ObjectAcl:Put", "ObjectAnnotation:Put", "ObjectAnnotation:Delete", "ObjectRetention:Put",
]  # fmt: skip
MINIO = [
    "ObjectAccessed:Get", "ObjectAccessed:GetRetention", "ObjectAccessed:GetLegalHold",
    "ObjectAccessed:Head", "ObjectAccessed:Attributes", "ObjectRemoved:NoOP",
    "ObjectRemoved:DeleteAllVersions", "LifecycleDelMarkerExpiration:Delete",
    "Replication:OperationCompletedReplication", "ObjectTransition:Failed",
    "ObjectTransition:Complete", "Scanner:ManyVersions", "Scanner:LargeVersions",
    "Scanner:BigPrefix", "BucketCreated:*", "BucketRemoved:*",
]  # fmt: skip
CEPH = [
    "ObjectLifecycle:Expiration:Current", "ObjectLifecycle:Expiration:NonCurrent",
    "ObjectLifecycle:Expiration:DeleteMarker", "ObjectLifecycle:Expiration:AbortMultipartUpload",
    "ObjectLifecycle:Transition:Current", "ObjectLifecycle:Transition:NonCurrent",
    "ObjectSynced:Delete", "ObjectSynced:DeletionMarkerCreated", "Replication:Delete",
    "Replication:DeletionMarkerCreated",
]  # fmt: skip
CREATIONS = [
    "ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload", "ObjectCreated:*", "ObjectCreated:PutTagging",
    "ObjectSynced:Create", "Replication:Create",
]  # fmt: skip
UNKNOWN = [
    "", "s3:", "Put", "ObjectCreate:Put", "ObjectCreatedAgain:Put", "objectcreated:put",
    "ObjectRestored:Completed", "ObjectMoved:Rename", "Replication:OperationCreatedReplica",
    "Replication", "ObjectSynced:*", "OBJECT_CREATE", "TestEvent", "s3:s3:ObjectRemoved:Delete",
]  # fmt: skip


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def named(event_name: object) -> Any:
    event = payload("s3-put")
    event["Records"][0]["eventName"] = event_name
    return event


def of_type(detail_type: object) -> Any:
    return payload("eventbridge-created") | {"detail-type": detail_type}


def call(event_name: object, **of_detail: object) -> Any:
    """EventBridge's event about this call, from CloudTrail; a field of `...` is left out."""
    event = payload("eventbridge-api-call")
    detail = event["detail"] | {"eventName": event_name} | of_detail
    event["detail"] = {name: value for name, value in detail.items() if value is not ...}
    return event


@pytest.mark.parametrize("prefix", ["", "s3:"])
@pytest.mark.parametrize("name", CREATIONS)
def test_a_creation_is_forwarded(name: str, prefix: str) -> None:
    assert len(created_objects(named(prefix + name))) == 1


@pytest.mark.parametrize("prefix", ["", "s3:"])
@pytest.mark.parametrize("name", [*AMAZON, *MINIO, *CEPH])
def test_what_creates_nothing_is_ignored(
    name: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "forwarder")
    assert created_objects(named(prefix + name)) == []
    assert caplog.messages == [f"ignored: {prefix}{name} is no creation"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_record_of_an_unknown_name_fails(name: str) -> None:
    with pytest.raises(UnknownEvent, match=r"unknown eventName .*: have only s3:ObjectCreated:\*"):
        created_objects(named(name))


@pytest.mark.parametrize("name", [*AMAZON, *MINIO, *CEPH, *CREATIONS])
def test_a_record_of_a_name_that_only_begins_like_a_known_one_fails(name: str) -> None:
    family = name if name.startswith(("Replication:", "ObjectSynced:")) else name.partition(":")[0]
    with pytest.raises(UnknownEvent, match="unknown eventName"):
        created_objects(named(f"{family}X"))
    with pytest.raises(UnknownEvent, match="unknown eventName"):
        created_objects(named(f"{family}X:Put"))


@pytest.mark.parametrize("name", [None, 1, ["ObjectCreated:Put"]])
def test_a_record_without_a_name_fails(name: object) -> None:
    with pytest.raises(UnknownEvent, match="without an eventName"):
        created_objects(named(name))


@pytest.mark.parametrize(
    "detail_type",
    [
        "Object Deleted", "Object Restore Initiated", "Object Restore Completed",
        "Object Restore Expired", "Object Storage Class Changed", "Object Access Tier Changed",
        "Object ACL Updated", "Object Tags Added", "Object Tags Deleted",
    ],
)  # fmt: skip
def test_a_detail_type_that_creates_nothing_is_ignored(
    detail_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "forwarder")
    assert created_objects(of_type(detail_type)) == []
    assert caplog.messages == [f"ignored: {detail_type} is no creation"]


@pytest.mark.parametrize(
    "detail_type",
    [
        "ObjectCreated:Put", "Object created", "Object Created ", "", None, 1, ["Object Deleted"],
        "Async Copy Completion", "AWS Service Event via CloudTrail", "AWS Insight via CloudTrail",
    ],
)  # fmt: skip
def test_an_unknown_detail_type_fails(detail_type: object) -> None:
    with pytest.raises(UnknownEvent, match=r'unknown detail-type .*: let the rule match "Object C'):
        created_objects(of_type(detail_type))


@pytest.mark.parametrize(
    "name", ["PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload"]
)
@pytest.mark.parametrize("error", [..., None, ""])
def test_a_call_that_creates_is_forwarded(name: str, error: object) -> None:
    assert len(created_objects(call(name, errorCode=error))) == 1


@pytest.mark.parametrize(
    "name",
    [
        "GetObject", "HeadObject", "ListObjects", "ListParts", "DeleteObject", "DeleteObjects",
        "DeleteObjectTagging", "AbortMultipartUpload", "PutBucketNotification", "PutBucketPolicy",
        "CreateBucket", "CreateMultipartUpload", "CreateSession", "PutAccelerateConfiguration",
        "PutObjectAcl", "PutObjectAnnotation", "PutObjectLegalHold", "PutObjectLockConfiguration",
        "PutObjectRetention", "PutObjectTagging", "PutPublicAccessBlock", "RestoreObject",
        "SelectObjectContent", "UpdateObjectEncryption", "UploadPart", "UploadPartCopy",
        "WriteGetObjectResponse",
    ],
)  # fmt: skip
def test_a_call_that_creates_nothing_is_ignored(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "forwarder")
    assert created_objects(call(name)) == []
    assert caplog.messages == [f"ignored: {name} creates no object"]


def test_a_call_that_failed_created_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "forwarder")
    assert created_objects(call("PutObject", errorCode="AccessDenied")) == []
    assert caplog.messages == ["ignored: PutObject failed, so it created no object"]


@pytest.mark.parametrize(
    "name",
    [
        "RenameObject", "PutObjectX", "putObject", "GenerateObject", "LinkObjects", "HealObject",
        "DeliverObject", "PutBucklesObject", "AboutObject", "", None, 1, ..., [],
    ],
)  # fmt: skip
def test_an_unknown_call_fails(name: object) -> None:
    with pytest.raises(UnknownEvent, match=r"unknown eventName .*: let the rule match PutObject, "):
        created_objects(call(name))
