"""The main job, from outside: messages in, objects and notifications out."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.system.backends import Backend, Embedded, Heard
from tests.system.conftest import client_for
from tests.system.service import API_KEY, Service, message_about

THREE_MEGABYTES = os.urandom(3 * 1024 * 1024 + 17)


def only_compare(message: bytes) -> bytes:
    return json.dumps({**json.loads(message), "validateOnly": True}).encode()


def heard_about(backend: Backend, name: str) -> list[Heard]:
    return [h for h in backend.heard() if h.attributes["objectId"] == name]


def test_the_samples_message_lands_three_megabytes(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    key = "cats/Café + milk.jpg"
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=THREE_MEGABYTES,
        ContentType="image/jpeg",
        CacheControl="max-age=60",
        Metadata={"camera": "M3"},
    )

    status, answer = service.send(message_about(s3, bucket, key))

    name = f"{bucket}/{key}"
    assert (status, answer["status"]) == (200, "landed")
    assert answer["object"]["size"] == len(THREE_MEGABYTES)
    assert answer["object"]["name"] == name
    assert answer["source"]["key"] == key
    assert set(answer["verified"]) >= {"size", "md5"}
    assert backend.read(name) == THREE_MEGABYTES
    [heard] = heard_about(backend, name)
    assert heard.attributes["eventType"] == "OBJECT_FINALIZE"
    assert heard.attributes["objectGeneration"] == answer["object"]["generation"]
    assert heard.data["contentType"] == "image/jpeg"
    assert heard.data["cacheControl"] == "max-age=60"
    assert heard.data["metadata"]["camera"] == "M3"
    assert heard.data["metadata"]["s3-key"] == key


def test_only_this_machine_reaches_it_and_only_this_user_reads_what_it_made(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="private/key", Body=b"private")
    assert service.send(message_about(s3, bucket, "private/key"))[0] == 200

    with socket.socket() as another:  # a server on all addresses would answer on this one too
        another.settimeout(5)
        assert another.connect_ex(("127.0.0.2", service.port)) != 0
    if isinstance(backend, Embedded):
        folder = backend.bucket.parent
        made = [backend.bucket, *backend.bucket.rglob("*"), *folder.glob("*.db*")]
        assert len(made) > 8
        assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_the_same_message_again_transfers_and_announces_nothing(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="again", Body=b"once")
    message = message_about(s3, bucket, "again")
    _, first = service.send(message)
    s3.delete_object(Bucket=bucket, Key="again")  # a second transfer would find nothing

    status, answer = service.send(message)

    assert (status, answer["status"]) == (200, "already-landed")
    assert answer["object"] == first["object"]
    assert answer["notification"] == first["notification"]
    assert answer["verified"] == first["verified"]
    assert len(heard_about(backend, f"{bucket}/again")) == 1


def test_whoever_asks_is_told_where_an_object_is_and_can_have_it_announced_again(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    key = "asked for/ü + 1%.bin"
    question = f"/objects?{urlencode({'bucket': bucket, 'key': key})}"
    s3.put_object(Bucket=bucket, Key=key, Body=b"asked")
    found = [service.send(b"", method="GET", path=question)]
    _, landed = service.send(message_about(s3, bucket, key))
    found.append(service.send(b"", method="GET", path=question))

    body = json.dumps({"bucket": bucket, "key": key}).encode()
    status, announced = service.send(body, path="/objects:announce")

    found.append(service.send(b"", method="GET", path=question))
    assert [answer["status"] for _, answer in found] == ["missing", "landed", "landed"]
    assert (status, announced["status"]) == (200, "announced")
    assert found[1][1]["object"] == landed["object"] == announced["object"]
    assert found[1][1]["lagMs"] >= 0
    heard = heard_about(backend, f"{bucket}/{key}")
    assert len({h.attributes["ce-id"] for h in heard}) == 1
    ids = [answer["notification"]["messageId"] for answer in (landed, announced)]
    assert len(heard) == len(set(ids)) == 2
    assert [answer["notification"]["messageId"] for _, answer in found[1:]] == ids


def test_a_comparison_tells_what_is_there_and_changes_nothing(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    """The answers of validateOnly: no transfer, no notification, no new metageneration."""
    name = f"{bucket}/compared"
    s3.put_object(Bucket=bucket, Key="compared", Body=b"first")
    first = message_about(s3, bucket, "compared")
    found = [service.send(only_compare(first))]
    assert (backend.read(name), heard_about(backend, name)) == (None, [])

    _, landed = service.send(first)
    found.append(service.send(only_compare(first)))
    s3.put_object(Bucket=bucket, Key="compared", Body=b"second")
    found.append(service.send(only_compare(message_about(s3, bucket, "compared"))))

    assert [(s, a["status"]) for s, a in found] == [
        (200, "missing"), (200, "landed"), (200, "different"),
    ]  # fmt: skip
    assert (found[0][1]["object"], found[0][1]["notification"]) == (None, None)
    for _, answer in found[1:]:
        assert answer["object"] == landed["object"]
        assert answer["notification"] == landed["notification"]
        assert answer["verified"] == landed["verified"]
    assert found[1][1]["source"] == landed["source"]
    assert backend.read(name) == b"first"
    assert len(heard_about(backend, name)) == 1


def test_a_stale_message_is_superseded(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="stale", Body=b"old")
    message = message_about(s3, bucket, "stale")
    s3.put_object(Bucket=bucket, Key="stale", Body=b"new bytes")

    status, answer = service.send(message)

    assert (status, answer["status"], answer["object"]) == (200, "superseded", None)
    assert backend.read(f"{bucket}/stale") is None
    assert heard_about(backend, f"{bucket}/stale") == []


def test_an_overwrite_is_announced_as_one(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    generations = []
    for body in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="twice", Body=body)
        _, answer = service.send(message_about(s3, bucket, "twice"))
        generations.append(answer["object"]["generation"])

    name = f"{bucket}/twice"
    first, second = sorted(heard_about(backend, name), key=lambda h: h.attributes["eventTime"])
    assert backend.read(name) == b"second"
    assert "overwroteGeneration" not in first.attributes
    assert second.attributes["overwroteGeneration"] == generations[0]
    assert second.attributes["objectGeneration"] == generations[1]


@pytest.mark.parametrize(
    "key",
    [
        "empty/",
        "a b+c%20.txt",
        "a//b",
        "ümläut/日本語.txt",
        "trailing/",
        "dot.dot/../x",
        "~%7E!*()",
    ],
)
def test_odd_keys_land_under_their_own_name(
    service: Service, backend: Backend, s3: Any, bucket: str, key: str
) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"")

    status, answer = service.send(message_about(s3, bucket, key))

    assert (status, answer["status"]) == (200, "landed"), answer
    [heard] = heard_about(backend, f"{bucket}/{key}")
    assert heard.data["name"] == f"{bucket}/{key}"
    assert heard.data["size"] == "0"


def test_compressed_bytes_land_as_they_are(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    import gzip

    body = gzip.compress(b"text " * 1000)
    s3.put_object(Bucket=bucket, Key="log.gz", Body=body, ContentEncoding="gzip")

    service.send(message_about(s3, bucket, "log.gz"))

    assert backend.read(f"{bucket}/log.gz") == body
    assert heard_about(backend, f"{bucket}/log.gz")[0].data["contentEncoding"] == "gzip"


def test_the_old_signature_and_the_bare_message_are_taken(
    service: Service, s3: Any, s3_url: str, bucket: str
) -> None:
    """A default boto3 client still makes Signature Version 2 in old Regions."""
    s3.put_object(Bucket=bucket, Key="old", Body=b"x")
    old = client_for(s3_url, "us-east-1", signature_version="s3")
    message = json.loads(message_about(old, bucket, "old"))["inputMessage"]
    old.close()
    assert "AWSAccessKeyId" in message["PresignedUrl"]

    status, answer = service.send(json.dumps(message).encode())

    assert (status, answer["status"]) == (200, "landed")


def test_a_multipart_upload_is_verified_by_its_parts(
    service: Service, s3: Any, bucket: str
) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    target = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**target, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate([b"a" * 5 * 1024 * 1024, b"tail"], start=1)
    ]
    s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})
    message = json.loads(message_about(s3, bucket, "parts"))
    message["inputMessage"]["PartSize"] = 5 * 1024 * 1024

    status, answer = service.send(json.dumps(message).encode())

    assert (status, answer["status"]) == (200, "landed")
    assert answer["verified"] == ["size", "multipart-etag"]


def test_racing_workers_land_one_object(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="race", Body=THREE_MEGABYTES)
    message = message_about(s3, bucket, "race")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: service.send(message), range(8)))

    assert {status for status, _ in answers} <= {200, 503}
    assert len({a["object"]["generation"] for s, a in answers if s == 200}) == 1
    assert backend.read(f"{bucket}/race") == THREE_MEGABYTES
    heard = heard_about(backend, f"{bucket}/race")
    assert len({h.attributes["ce-id"] for h in heard}) == 1


def test_what_s3_does_not_give_is_told_by_its_reason(
    service: Service, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="gone", Body=b"x")
    message = message_about(s3, bucket, "gone")
    s3.delete_object(Bucket=bucket, Key="gone")

    status, answer = service.send(message)

    assert status == 410
    assert answer["error"]["details"][0]["reason"] == "SOURCE_GONE"


def test_no_secret_is_in_the_log(service: Service, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    message = message_about(s3, bucket, "secret")
    service.send(message)
    service.send(message.replace(b"Signature=", b"Signature=0"))
    service.send(message, path=f"/processmessage?key={API_KEY}")

    log = service.log.read_text()

    signature = json.loads(message)["inputMessage"]["PresignedUrl"].partition("Signature=")[2][:20]
    assert "secret" in log
    assert signature not in log
    assert "canaryaccess" not in log
    assert API_KEY not in log
