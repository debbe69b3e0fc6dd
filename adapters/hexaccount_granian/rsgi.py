"""The parts of granian's RSGI objects that are used here, in types; granian itself declares only some of them."""

from collections.abc import AsyncIterator
from typing import Protocol


class Headers(Protocol):
    """The headers of a request, their names in lower case. Values that are not ASCII are left out by granian."""

    def keys(self) -> list[str]:
        """Return the names, each once, also of those whose values are left out."""
        ...

    def get(self, key: str, default: str | None = None) -> str | None:
        """Return the first value of a header."""
        ...

    def items(self) -> list[tuple[str, str]]:
        """Return all headers, repeated ones repeatedly."""
        ...


class Scope(Protocol):
    """What is known of a request before its body. `path` is percent-decoded, what is not UTF-8 in it replaced."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Headers


class HttpProtocol(Protocol):
    """The connection of one request. Its responses may be sent from any thread, and do nothing once it is closed."""

    async def __call__(self) -> bytes:
        """Return the whole body; raises a RuntimeError when it does not arrive whole."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces."""
        ...

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with a body."""
        ...
