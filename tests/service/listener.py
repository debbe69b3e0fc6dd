"""A client of python-socketio that records events."""

import queue
import threading
import time
from typing import Any

import pytest
import socketio

from tests.service.realtime import UPDATED


def shut(client: socketio.Client) -> None:
    """Close a client and its WebSocket, which it leaves open when the server ends the connection."""
    client.disconnect()
    if client.eio.ws is not None:
        client.eio.ws.close()


class Listener:
    """A client that records the events it receives."""

    def __init__(self, url: str, credentials: dict[str, str], **connection: Any) -> None:
        self.received: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, data=None: self.received.put((event, data)))
        self.disconnected = (
            threading.Event()
        )  # not in the queue, because the client calls each handler in a separate thread
        self.client.on("disconnect", lambda _reason=None: self.disconnected.set())
        auth = {"token": credentials["Authorization"].removeprefix("Bearer ")}
        self.client.connect(url, **{"auth": auth, "transports": ["websocket"], "wait_timeout": 20, **connection})

    def receive(self, event: str, seconds: float = 20) -> Any:
        """Return the data of the next event of a name, and drop the events before it."""
        deadline = time.monotonic() + seconds
        while True:
            name, data = self.received.get(timeout=max(0.0, deadline - time.monotonic()))
            if name == event:
                return data

    def bio(self) -> str:
        """Return the biography of the next change of a profile."""
        return str(self.receive(UPDATED)["data"]["changes"]["bio"])

    def wait_disconnected(self) -> None:
        """Wait until the server has ended the connection."""
        assert self.disconnected.wait(20)
        self.disconnect()

    def disconnect(self) -> None:
        shut(self.client)

    def receive_until(self, event: str) -> list[str]:
        """Return the names of the next events, up to one of a name."""
        names: list[str] = []
        while event not in names:
            names.append(self.received.get(timeout=20)[0])
        return names


def refusal_of(connection: dict[str, Any]) -> str:
    """Return the code of the problem with which a connection is refused."""
    refusals: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client = socketio.Client(reconnection=False)
    for namespace in connection.get("namespaces", ["/"]):
        client.on("connect_error", refusals.put, namespace=namespace)
    url = connection.pop("url")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(url, **{"transports": ["websocket"], "wait_timeout": 20, **connection})
    error = refusals.get(timeout=20)
    shut(client)
    assert error["message"] == error["data"]["detail"]
    return str(error["data"]["code"])
