"""The packets of Engine.IO 4 and Socket.IO 5 that clients may send; no other packet reaches python-socketio.

python-socketio would treat an event that a client names "connect" as its own, and collect binary attachments without
a limit.
"""

import json
import re

MAX_LENGTH = 8192
"""The limit of a packet in characters: a token and a little more."""

_PLAIN = frozenset({"1", "3", "40", "41"})
# Another namespace is allowed, so that its client gets an error that says so.
_NAMESPACE = re.compile(r"40/[\x21-\x2b\x2d-\x7e]{0,100}(?:,|$)")
_EVENT = re.compile(r"42[0-9]{0,15}(?=\[)")
_RESERVED = frozenset({"connect", "disconnect", "connect_error", "message"})


def is_allowed(text: str) -> bool:
    """Return whether a packet is a pong, a close, a disconnect, a connect with its auth, or an event in JSON."""
    if text in _PLAIN:
        return True
    if len(text) > MAX_LENGTH:
        return False
    if text.startswith("40"):
        namespace = _NAMESPACE.match(text)
        auth = text[namespace.end() if namespace else 2 :]
        return (not auth and namespace is not None) or isinstance(_json(auth), dict)
    found = _EVENT.match(text)
    return found is not None and _is_event(_json(text[found.end() :]))


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _RESERVED


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
