"""A client library's client, made when it is first wanted: after the fork, in every worker.

Making one may ask the metadata server for credentials. That happens in a thread of its own,
so that a request waits for it only as long as it wants to.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class LateClient(Generic[T]):
    """One client for all threads of a process."""

    def __init__(self, new_client: Callable[[], T], seconds: float) -> None:
        self._new_client = new_client
        self._seconds = seconds
        self._lock = threading.Lock()
        self._client: Future[T] | None = None

    def get(self) -> T:
        """Return the client.

        Raises:
            TimeoutError: It is not made yet; the next who asks may get it.
            Exception: Whatever prevents it. The next who asks tries again.
        """
        with self._lock:
            client = self._client
            if client is None or (client.done() and client.exception() is not None):
                client = Future()
                threading.Thread(target=self._make, args=(client,), daemon=True).start()
                self._client = client  # only now, or nobody would make it if there is no thread
        return client.result(self._seconds)

    def _make(self, client: Future[T]) -> None:
        try:
            client.set_result(self._new_client())
        except BaseException as error:  # noqa: BLE001 - it is raised in whoever waits
            client.set_exception(error)
