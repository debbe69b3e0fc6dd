"""The server that a URL names, and connections to it."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_TIMEOUT_SECONDS = 10
_FORM = (
    "write it as smtp://user:password@mail.example.org:587, or smtps:// for a port with TLS from the start; a password "
    "needs percent encoding for all but letters and digits"
)
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server.

    tls: `starttls` asks for TLS on a connection that begins without, and goes on only with it; `implicit` begins with
        it; `none` has none.
    ca: the file with the certificates of a private certificate authority.
    """

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the server of a URL; raises ValueError, whose text says what to write and does not repeat the URL."""
        parts = _split(url)
        options = _options(parts)
        server = cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls=_tls(parts.scheme, options.get("tls")),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ca=options.get("ca"),
        )
        if (server.user is None) != (server.password is None):
            raise ValueError(f"it has a user without a password, or a password without a user; {_FORM}")
        if not f"{server.user}{server.password}".isascii():
            raise ValueError("its user and password may have characters of ASCII only, as the protocol has no others")
        if server.tls == "none" and server.user is not None and not _is_loopback(server.host):
            raise ValueError("a password does not travel without TLS; leave out tls=none, or user and password")
        return server

    def connect(self) -> smtplib.SMTP:
        """Return a connection that is ready for a message; raises OSError and SMTPException."""
        if self.tls == "implicit":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_TIMEOUT_SECONDS, context=self._context()
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        try:
            if self.tls == "starttls":
                connection.starttls(context=self._context())
            connection.ehlo_or_helo_if_needed()
            if self.user is not None and self.password is not None:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_FORM) from None
    if parts.scheme not in _PORTS or port == 0 or not _HOST.fullmatch(parts.hostname or "") or parts.path.strip("/"):
        raise ValueError(_FORM)
    return parts


def _options(parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    if parts.fragment or len(options) < len(pairs) or options.keys() - {"tls", "ca"}:
        raise ValueError("it may have the parameters tls and ca, each once")
    return options


def _tls(scheme: str, wanted: str | None) -> Literal["starttls", "implicit", "none"]:
    match scheme, wanted:
        case "smtps", None:
            return "implicit"
        case "smtp", None | "starttls":
            return "starttls"
        case "smtp", "none":
            return "none"
    raise ValueError("tls may be starttls, which is the default, or none; smtps:// takes no tls")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
