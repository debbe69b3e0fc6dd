"""What a client is told that begins with long polling, which this service does not have.

By a plain refusal the clients of Socket.IO show nothing of it. So the answer is a connection of Engine.IO that holds
Socket.IO's refusal and is over with it; nothing is kept.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs

import msgspec

from hexaccount_socketio import refusals
from hexaccount_socketio.frames import LONGEST
from hexaccount_socketio.line import Scope
from hexaccount_socketio.responses import Response, response_of

_text = msgspec.json.Encoder().encode
_OPEN = {"sid": "none", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": LONGEST}
_REFUSAL = {"message": refusals.WEBSOCKETS_ONLY["detail"], "data": refusals.WEBSOCKETS_ONLY}
# https://github.com/socketio/engine.io-protocol: packets of a response stand side by side, with this between them.
_BODY = b"0" + _text(_OPEN) + b"\x1e44" + _text(_REFUSAL)


def answer(scope: Scope, cors_origins: Sequence[str]) -> Response:
    """Return what a request to the path of the sockets gets that is none for a WebSocket."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    if (scope["method"], query.get("EIO"), query.get("transport")) != ("GET", ["4"], ["polling"]) or "sid" in query:
        return response_of(refusals.WEBSOCKETS_ONLY)
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(_BODY)).encode()),
        (b"cache-control", b"no-store"),
    ]
    origin = next((value for name, value in scope["headers"] if name.lower() == b"origin"), b"")
    if origin and ("*" in cors_origins or origin.decode("latin-1") in cors_origins):
        headers += [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
    return 200, headers, _BODY
