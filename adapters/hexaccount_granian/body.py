import asyncio

from hexaccount_granian.errors import RequestRejected
from hexaccount_granian.rsgi import Headers, HTTPProtocol

# How many times the limit is read and discarded of a body that is too large, before the response is sent. A client that
# writes everything before it reads would otherwise get a reset connection instead of the response.
_DISCARDED_LIMITS = 16

# The average in bytes that pieces of a body may have in the worst case: each takes a turn of the event loop.
_SMALLEST_PIECE = 64


class _TooLarge(Exception):
    """The body has, or announces, more bytes than the limit."""


def has_body(headers: Headers) -> bool:
    """Return whether a request has a body. The framing headers decide, not the method."""
    return headers.get("content-length", "0") != "0" or headers.get("transfer-encoding") is not None


async def read_body(headers: Headers, protocol: HTTPProtocol, *, limit: int, seconds: float) -> bytes:
    """Return the body of a request, at most `limit` bytes that arrive within `seconds`; raises RequestRejected."""
    declared = headers.get("content-length")
    try:
        async with asyncio.timeout(seconds):
            if declared is None:
                return await _read_pieces(protocol, limit)
            return await _read_declared(protocol, int(declared), limit)
    except _TooLarge:
        # With `Expect: 100-continue` the response comes at once: reading would ask the client to send the body.
        if headers.get("expect") is None:
            await _discard(protocol, limit * _DISCARDED_LIMITS, seconds)
        detail = f"the body is larger than {limit} bytes"
        raise RequestRejected(413, "body_too_large", detail, close_connection=True) from None
    except TimeoutError:
        detail = f"the body did not arrive within {seconds:g} seconds"
        raise RequestRejected(408, "body_too_slow", detail, close_connection=True) from None
    except (RuntimeError, ValueError):
        # granian raises RuntimeError when a body is cut off or its framing is wrong.
        detail = "the body did not arrive whole"
        raise RequestRejected(400, "malformed_request", detail, close_connection=True) from None


async def _read_declared(protocol: HTTPProtocol, declared: int, limit: int) -> bytes:
    if declared > limit:
        raise _TooLarge
    return await protocol()


async def _read_pieces(protocol: HTTPProtocol, limit: int) -> bytes:
    pieces: list[bytes] = []
    remaining, many = limit, limit // _SMALLEST_PIECE
    ended = False
    async for piece in protocol:
        # An empty piece ends the body. A piece after it means that granian could not read the rest: the body was cut
        # off, its framing is wrong, or it has trailers, which look the same.
        if ended:
            raise ValueError("the body is incomplete")
        ended = not piece
        remaining -= len(piece)
        if remaining < 0:
            raise _TooLarge
        pieces.append(piece)
        if len(pieces) > many:
            detail = f"send the body in pieces of {_SMALLEST_PIECE} bytes or more"
            raise RequestRejected(400, "malformed_request", detail, close_connection=True)
    return b"".join(pieces)


async def _discard(protocol: HTTPProtocol, remaining: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            async for piece in protocol:
                remaining -= max(len(piece), _SMALLEST_PIECE)
                if remaining < 0:
                    return
    except (TimeoutError, RuntimeError):
        return
