"""A real SMTP server in this process (aiosmtpd), which can be made to refuse, to repeat, to stall and to die."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers.authority import Authority
from tests.servers.ports import free_port

USER = "accounts"
PASSWORD = "p@ss/word of the mail server"


@dataclass
class SmtpHandler:
    """What the server has taken, and how it behaves.

    replies: the reply to a command (MAIL, RCPT, DATA) in place of 250.
    echoes: whether the reply to DATA repeats the message.
    dies: whether the connection ends after DATA, when the message was taken, before the reply.
    stalls: how many seconds pass before the reply to DATA.
    """

    replies: dict[str, str] = field(default_factory=dict)
    echoes: bool = False
    dies: bool = False
    stalls: float = 0
    connections: int = 0
    received: list[bytes] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    open: list[Any] = field(default_factory=list)
    transports: list[Any] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def messages(self) -> list[EmailMessage]:
        """Return the messages that were taken, oldest first."""
        return [message_from_bytes(content, policy=default) for content in self.received]

    def disconnect(self) -> None:
        """End all connections."""
        assert self.loop
        for server in self.open:
            self.loop.call_soon_threadsafe(server.transport.abort)
        self.open.clear()

    async def close(self) -> None:
        """End all connections, and those that never came about."""
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0.01)  # they end in the next round of the loop

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it
        self, server: Any, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if server not in self.open:
            self.connections += 1
            self.open.append(server)
        return responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" not in self.replies:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it
        self, server: Any, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        await asyncio.sleep(self.stalls)
        if self.echoes:
            return "554 5.6.0 refused: " + " ".join(content.decode().split())[:900]
        if (reply := self.replies.get("DATA")) is not None:
            return reply
        self.received.append(content)
        self.receivers.extend(envelope.rcpt_tos)
        if self.dies:
            server.transport.abort()
        return "250 OK"


class _Smtp(SMTP):
    """Remembers its transports: where a handshake fails, the library leaves one open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.transports.append(transport)
        super().connection_made(transport)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)


@contextmanager
def running_smtp(
    authority: Authority | None = None, *, host: str = "localhost", implicit: bool = False, utf8: bool = True
) -> Iterator[SmtpHandler]:
    """Run a server on a free port of 127.0.0.1, which demands USER and PASSWORD if it has TLS.

    authority: issues its certificate for `host`; None is a server without TLS.
    implicit: whether connections begin with TLS.
    utf8: whether it takes addresses beyond ASCII.
    """
    handler = SmtpHandler()
    options: dict[str, Any] = {"enable_SMTPUTF8": utf8, "timeout": 30}
    context = None if authority is None else authority.certificate_for(host)
    if context is not None:
        options |= {"authenticator": _authenticate, "auth_required": True}
        options |= {"ssl_context": context, "auth_require_tls": False} if implicit else {"tls_context": context}
        options |= {} if implicit else {"require_starttls": True}
    controller = _Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    handler.loop = controller.loop
    controller.start()
    try:
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(handler.close(), controller.loop).result()
        controller.stop()


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
