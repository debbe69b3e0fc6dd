import asyncio
import io
from collections.abc import Callable, Mapping
from typing import Any

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from hexaccount_socketio.frame_budget import FrameBudget
from hexaccount_socketio.http_requests import READ_BYTES, MalformedRequest
from hexaccount_socketio.packets import MAX_LENGTH

_FORBIDDEN = 403
_TOO_BIG = 1009
_POLICY_VIOLATION = 1008
_LOST = 1006
_CLOSE = (b"connection", b"close")


class WebSocket:
    """One WebSocket as ASGI has it.

    Nothing is read from the client but when the application asks for a message, at most READ_BYTES at once, and no more
    is kept of a message than MAX_LENGTH. The content of binary messages, which no packet is, is dropped. An answer to a
    ping is sent before anything more is read. A client that sends more frames than its budget is disconnected.
    """

    def __init__(
        self,
        request: h11.Request,
        trailing: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_accept: Callable[[], None],
    ) -> None:
        """Take a request to upgrade, and what the client sent after it; raises MalformedRequest."""
        self._protocol = WSConnection(ConnectionType.SERVER)
        try:
            self._protocol.initiate_upgrade_connection(list(request.headers), request.target)
        except (RemoteProtocolError, ValueError) as error:
            raise MalformedRequest(400, f"send the headers of a WebSocket: {error}") from None
        self._trailing = trailing
        self._reader = reader
        self._writer = writer
        self._on_accept = on_accept
        self._connected = False
        self._text = io.StringIO()
        self._budget = FrameBudget()

    @property
    def is_pending(self) -> bool:
        """Whether the request has not been answered yet."""
        return self._protocol.state is ConnectionState.CONNECTING

    async def receive(self) -> Mapping[str, Any]:
        """Return the next ASGI event."""
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        try:
            return await self._next()
        except (OSError, LocalProtocolError):  # lost, or both sides have said goodbye
            return _disconnected(_LOST)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send an ASGI event, and wait until the client has read those before; raises OSError."""
        match message["type"]:
            case "websocket.accept":
                await self._write(AcceptConnection(extra_headers=list(message.get("headers", ()))))
                self._protocol.receive_data(self._trailing)
                self._on_accept()
            case "websocket.send" if message.get("text") is not None:
                await self._write(TextMessage(data=message["text"]))
            case "websocket.send":
                await self._write(BytesMessage(data=message["bytes"]))
            case "websocket.close" if self.is_pending:
                await self._write(RejectConnection(status_code=_FORBIDDEN, headers=[_CLOSE]))
            case "websocket.close":
                await self._write(CloseConnection(code=message.get("code", 1000), reason=message.get("reason") or None))
            case "websocket.http.response.start":
                headers = [*message["headers"], _CLOSE]
                await self._write(RejectConnection(status_code=message["status"], headers=headers, has_body=True))
            case "websocket.http.response.body":
                await self._write(RejectData(data=message["body"]))

    async def _next(self) -> Mapping[str, Any]:
        while True:
            for event in self._protocol.events():
                # Another client may have its turn, however many frames came at once.
                await asyncio.sleep(0)
                message = await self._message_of(event)
                if message is not None:
                    return message
            data = await self._reader.read(READ_BYTES)
            self._protocol.receive_data(data or None)

    async def _message_of(self, event: Event) -> Mapping[str, Any] | None:
        match event:
            case CloseConnection():
                # The client's own, or the answer to a frame that is none.
                if self._protocol.state is not ConnectionState.CLOSED:
                    await self._write(event.response())
                return _disconnected(event.code)
            case _ if not self._budget.take():
                await self._write(CloseConnection(code=_POLICY_VIOLATION, reason="too many frames"))
                return _disconnected(_POLICY_VIOLATION)
            case Ping():
                await self._write(event.response())
            case TextMessage():
                return await self._add(event)
            case BytesMessage():
                return {"type": "websocket.receive", "bytes": b""}
        return None

    async def _add(self, part: TextMessage) -> Mapping[str, Any] | None:
        """Return the message that ends with a part."""
        self._text.write(part.data)
        if self._text.tell() > MAX_LENGTH:
            reason = f"a message has at most {MAX_LENGTH} characters"
            await self._write(CloseConnection(code=_TOO_BIG, reason=reason))
            return _disconnected(_TOO_BIG)
        if not part.message_finished:
            return None
        text, self._text = self._text.getvalue(), io.StringIO()
        return {"type": "websocket.receive", "text": text}

    async def _write(self, event: Event) -> None:
        self._writer.write(self._protocol.send(event))
        await self._writer.drain()


def _disconnected(code: int) -> Mapping[str, Any]:
    return {"type": "websocket.disconnect", "code": code}
