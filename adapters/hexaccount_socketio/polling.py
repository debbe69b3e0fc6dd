"""The response to clients that begin with long polling, which this service does not support.

The clients of Socket.IO hide the body of an HTTP error. So the response opens a connection of Engine.IO that contains
Socket.IO's `connect_error`; the service stores nothing of it.
"""

from urllib.parse import parse_qs

import msgspec

from hexaccount_socketio.asgi import Scope
from hexaccount_socketio.packets import MAX_LENGTH
from hexaccount_socketio.problems import WEBSOCKETS_ONLY
from hexaccount_socketio.responses import Response, problem_response, response_of

_encode = msgspec.json.Encoder().encode
_OPEN = {"sid": "none", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": MAX_LENGTH}
_ERROR = {"message": WEBSOCKETS_ONLY["detail"], "data": WEBSOCKETS_ONLY}
# https://github.com/socketio/engine.io-protocol: \x1e separates the packets of a response.
_BODY = b"0" + _encode(_OPEN) + b"\x1e44" + _encode(_ERROR)


def polling_response(scope: Scope) -> Response:
    """Return the response to an HTTP request at the path of the sockets."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    if (scope["method"], query.get("EIO"), query.get("transport")) != ("GET", ["4"], ["polling"]) or "sid" in query:
        return problem_response(WEBSOCKETS_ONLY)
    return response_of(200, b"text/plain; charset=utf-8", _BODY)
