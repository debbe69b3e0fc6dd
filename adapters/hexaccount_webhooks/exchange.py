"""One request and the status of its answer, both within a time that no receiver can stretch."""

import io
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from hexaccount_webhooks.connection import connect
from hexaccount_webhooks.deadline import Deadline
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import NotTaken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PATIENCE = 15.0
"""Seconds from the look-up of a name to the status of the answer: less than a relay's lease."""

_GLIMPSE = 4096


def post(endpoint: Endpoint, tls: ssl.SSLContext, headers: Mapping[str, str], body: bytes) -> int:
    """Send a request on a connection of its own and return the status of the answer; raises NotSent and NotTaken."""
    deadline = Deadline.after(PATIENCE)
    connected = connect(endpoint, tls, deadline)
    try:
        return _exchange(_Timed(connected, deadline), endpoint, {"Host": endpoint.authority, **headers}, body)
    except TimeoutError:
        raise NotTaken(f"it did not answer within {PATIENCE:g} s") from None
    except OSError as error:
        raise NotTaken(f"the connection was lost ({error.strerror or type(error).__name__})") from None
    except HTTPException:
        raise NotTaken("what it answered is not HTTP") from None
    finally:
        connected.close()


def _exchange(connected: "_Timed", endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> int:
    connection = HTTPConnection(endpoint.host, endpoint.port)
    connection.sock = connected
    connection.request("POST", endpoint.target, body, dict(headers))
    answer = connection.getresponse()
    # A short body is read so that the receiver may end in peace; whatever becomes of it, the answer is known.
    connected.hurry(1.0)
    with suppress(OSError, HTTPException):
        answer.read(_GLIMPSE)
    return answer.status


class _Timed:
    """As much of a socket as http.client needs, with one deadline for all that is done with it."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def hurry(self, seconds: float) -> None:
        """Leave no more than so many seconds."""
        self._deadline = self._deadline.within(seconds)

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def receive_into(self, buffer: "WriteableBuffer") -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Leave it open, for what is still to be read of the answer; `post` closes it."""


class _Incoming(io.RawIOBase):
    def __init__(self, connected: _Timed) -> None:
        self._connected = connected

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._connected.receive_into(buffer)
