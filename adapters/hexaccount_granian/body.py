import asyncio

from hexaccount_granian.errors import Refused
from hexaccount_granian.rsgi import Headers, HttpProtocol

# How many times the limit is read and thrown away of a body that is too large, before its client is told: one that
# first writes everything and then reads would otherwise find a reset connection in place of the answer.
_PATIENCE = 16


class _TooLarge(Exception):
    """More bytes came, or are announced, than are taken."""


def has_body(headers: Headers) -> bool:
    """Tell whether a request carries a body; the two headers that frame it decide, whatever the method is."""
    return headers.get("content-length", "0") != "0" or headers.get("transfer-encoding") is not None


async def read_body(headers: Headers, protocol: HttpProtocol, *, limit: int, seconds: float) -> bytes:
    """Return the whole body of a request, at most `limit` bytes that arrive within `seconds`; raises Refused."""
    declared = headers.get("content-length")
    try:
        async with asyncio.timeout(seconds):
            if declared is None:
                return await _read_pieces(protocol, limit)
            return await _read_declared(protocol, int(declared), limit)
    except _TooLarge:
        # A client that asks before it sends gets the answer at once: reading would invite it to go on.
        if headers.get("expect") is None:
            await _discard(protocol, limit * _PATIENCE, seconds)
        raise Refused(413, "body_too_large", f"the body is larger than {limit} bytes", ends_connection=True) from None
    except TimeoutError:
        detail = f"the body did not arrive within {seconds:g} seconds"
        raise Refused(408, "body_too_slow", detail, ends_connection=True) from None
    except (RuntimeError, ValueError):
        # RuntimeError is what granian raises when a body breaks off or its framing is wrong.
        raise Refused(400, "malformed_request", "the body did not arrive whole", ends_connection=True) from None


async def _read_declared(protocol: HttpProtocol, declared: int, limit: int) -> bytes:
    if declared > limit:
        raise _TooLarge
    return await protocol()


async def _read_pieces(protocol: HttpProtocol, limit: int) -> bytes:
    pieces: list[bytes] = []
    room = limit
    ended = False
    async for piece in protocol:
        # An empty piece marks the end. One before the last stands for what granian could not read: a body that broke
        # off, wrong framing, or trailers, which look the same and are not worth the risk.
        if ended:
            raise ValueError("the body is not whole")
        ended = not piece
        room -= len(piece)
        if room < 0:
            raise _TooLarge
        pieces.append(piece)
    return b"".join(pieces)


async def _discard(protocol: HttpProtocol, patience: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            async for piece in protocol:
                patience -= len(piece)
                if patience < 0:
                    return
    except (TimeoutError, RuntimeError):
        return
