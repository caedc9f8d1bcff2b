"""A service of AWS that speaks JSON, such as SQS and Secrets Manager: it keeps what it is asked.

with AwsJson({"GetSecretValue": [{"SecretString": "key"}]}) as server: ...
"""

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.raw import RawServer, Script, answer


class AwsJson(RawServer):
    """Each operation gives its answers in turn, the last one again and again."""

    def __init__(
        self, answers: Mapping[str, Sequence[dict[str, Any]]], status: str = "200 OK"
    ) -> None:
        super().__init__([])
        self.answers = {operation: list(bodies) for operation, bodies in answers.items()}
        self._status = status
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Operations, and what was sent with them."""

    @property
    def region(self) -> str:
        """That of the last request, as its signature says."""
        return self.headers["authorization"].split("/")[2]

    def _serve(self, connection: socket.socket, script: Script) -> None:
        with connection, connection.makefile("rb") as stream:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    return
                head += line
            self.requests.append(head)
            body = json.loads(stream.read(int(self.headers["content-length"])))
            operation = self.headers["x-amz-target"].split(".")[1]
            self.asked.append((operation, body))
            left = self.answers[operation]
            told = left.pop(0) if len(left) > 1 else left[0]
            connection.sendall(answer(json.dumps(told).encode(), self._status, Connection="close"))
