"""A stand-in for Pub/Sub that keeps what is published, and fails on demand.

It speaks gRPC on a real port, so that it can hang, vanish, and lose its answers.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, Self

import grpc
from google.iam.v1.iam_policy_pb2 import TestIamPermissionsRequest, TestIamPermissionsResponse
from google.pubsub_v1 import (
    GetTopicRequest,
    ListTopicSubscriptionsResponse,
    PublishRequest,
    PublishResponse,
    SchemaSettings,
    Topic,
)

Fault = Callable[["PubSub", bytes, Any], bytes | None]
"""Runs first for one call; what it returns is the answer, and nothing is kept then."""
_THREADS = 16


class PubSub:
    """Serves every topic from `start` to `close`: Publish, TestIamPermissions, and looks at it."""

    def __init__(self) -> None:
        self.published: list[dict[str, str]] = []
        """The attributes of what is kept, in order."""
        self.faults: list[Fault] = []
        """Of the next calls of Publish, one each."""
        self.calls = 0
        self.denied: set[str] = set()
        """Permissions that nobody holds."""
        self.schema = ""
        self.subscriptions = ["projects/p/subscriptions/s"]
        self.peers: set[str] = set()
        """The connections that published."""
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS)
        self._server: Any = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, credentials: grpc.ServerCredentials | None = None) -> None:
        """Serve, on the former port if there was one."""
        self.ending.clear()
        self._server = grpc.server(self._pool, options=[("grpc.so_reuseport", 0)])
        for service, name, behaviour in (
            ("google.pubsub.v1.Publisher", "Publish", self._publish),
            ("google.pubsub.v1.Publisher", "GetTopic", self._describe),
            ("google.pubsub.v1.Publisher", "ListTopicSubscriptions", self._list),
            ("google.iam.v1.IAMPolicy", "TestIamPermissions", self._permissions),
        ):
            method = grpc.unary_unary_rpc_method_handler(behaviour)
            handler = grpc.method_handlers_generic_handler(service, {name: method})
            self._server.add_generic_rpc_handlers((handler,))
        address = f"127.0.0.1:{self.port}"
        if credentials is None:
            self.port = self._server.add_insecure_port(address)
        else:
            self.port = self._server.add_secure_port(address, credentials)
        self._server.start()

    def vanish(self) -> None:
        """Cut all connections; `start` brings the service back."""
        stopped = self._server.stop(None)
        self.ending.set()
        stopped.wait()

    def close(self) -> None:
        self.vanish()
        self._pool.shutdown()

    def keep(self, request: bytes) -> bytes:
        """Keep what the request publishes, and return the acknowledgement."""
        with self._lock:
            first = len(self.published)
            messages = PublishRequest.deserialize(request).messages
            self.published += [dict(message.attributes) for message in messages]
            ids = [str(first + n) for n in range(len(messages))]
        answer: bytes = PublishResponse.serialize(PublishResponse(message_ids=ids))
        return answer

    def _publish(self, request: bytes, context: Any) -> bytes:
        with self._lock:
            self.calls += 1
            self.peers.add(context.peer())
            fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            answer = fault(self, request, context)
            if answer is not None:
                return answer
        return self.keep(request)

    def _permissions(self, request: bytes, context: Any) -> bytes:
        asked = TestIamPermissionsRequest.FromString(request).permissions
        allowed = [one for one in asked if one not in self.denied]
        granted: bytes = TestIamPermissionsResponse(permissions=allowed).SerializeToString()
        return granted

    def _describe(self, request: bytes, context: Any) -> bytes:
        if "pubsub.topics.get" in self.denied:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "a text of the service")
        name = GetTopicRequest.deserialize(request).topic
        described: bytes = Topic.serialize(
            Topic(name=name, schema_settings=SchemaSettings(schema=self.schema))
        )
        return described

    def _list(self, request: bytes, context: Any) -> bytes:
        found: bytes = ListTopicSubscriptionsResponse.serialize(
            ListTopicSubscriptionsResponse(subscriptions=self.subscriptions)
        )
        return found


def refuse(code: grpc.StatusCode) -> Fault:
    """This status instead of the acknowledgement; nothing is kept."""

    def fault(pubsub: PubSub, request: bytes, context: Any) -> NoReturn:
        context.abort(code, "a text of the service")
        raise AssertionError

    return fault


def lose_answer(code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> Fault:
    """Keeps the message, and says that it did not."""

    def fault(pubsub: PubSub, request: bytes, context: Any) -> NoReturn:
        pubsub.keep(request)
        context.abort(code, "a text of the service")
        raise AssertionError

    return fault


def hang(pubsub: PubSub, request: bytes, context: Any) -> NoReturn:
    """Neither keeps nor answers."""
    pubsub.ending.wait(20)
    context.abort(grpc.StatusCode.CANCELLED, "the test is over")
    raise AssertionError


def acknowledge_nothing(pubsub: PubSub, request: bytes, context: Any) -> bytes:
    """A success that names no message."""
    return b""


def keep_and_hang(pubsub: PubSub, request: bytes, context: Any) -> NoReturn:
    """Keeps the message, and does not say so."""
    pubsub.keep(request)
    hang(pubsub, request, context)
