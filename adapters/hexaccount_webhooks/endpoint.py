import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self

from hexaccount_webhooks.addresses import is_public

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?(?P<target>[/?][!\"$-~]*)?",
    re.ASCII,
)
_DEFAULT_PORTS = {False: 80, True: 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where events are sent; `target`, the path and query of its URL, may contain a token and is never shown."""

    is_secure: bool
    host: str
    port: int
    target: str = field(repr=False)
    allow_private: bool

    @classmethod
    def of(cls, url: str, *, allow_private: bool = False) -> Self:
        """Return the endpoint of a URL; raises ValueError, which says what to write and never repeats the URL."""
        match = _URL.fullmatch(url)
        port = int(match["port"] or _DEFAULT_PORTS[match["scheme"] == "https"]) if match else 0
        if match is None or not 1 <= port <= 65_535:
            raise ValueError(
                "write it as https://host/path or https://host:port/path?query in ASCII, without a user, a password or "
                "a fragment"
            )
        is_secure, host = match["scheme"] == "https", match["host"].strip("[]")
        if not (is_secure or allow_private):
            raise ValueError("http:// sends events unencrypted; write https://, or set allow_private")
        if not (allow_private or _may_be_public(host)):
            raise ValueError("it is a private address; set allow_private if that is intended")
        target = match["target"] or "/"
        return cls(
            is_secure=is_secure,
            host=host,
            port=port,
            target=target if target.startswith("/") else f"/{target}",
            allow_private=allow_private,
        )

    @property
    def authority(self) -> str:
        """Return host and port as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.is_secure] else f"{host}:{self.port}"


def _may_be_public(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True  # a name: its addresses are checked at every connection
    return is_public(host)
