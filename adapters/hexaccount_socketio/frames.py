"""What clients may send: a few of the packets of Engine.IO 4 and Socket.IO 5, and nothing else reaches python-socketio.

It would take events named as its own, "connect" among them, for its own, and collect binary attachments without end.
"""

import json
import re

LONGEST = 8192
"""How many characters a packet may have: room for a token and a little more."""

_PLAIN = frozenset({"1", "3", "40", "41"})
# A client that wants another namespace is told that there is none.
_NAMESPACE = re.compile(r"40/[\x21-\x2b\x2d-\x7e]{0,100}(?:,|$)")
_EVENT = re.compile(r"42[0-9]{0,15}(?=\[)")
_OWN = frozenset({"connect", "disconnect", "connect_error", "message"})


def is_admissible(text: str) -> bool:
    """Tell whether a packet is one that may come: a pong, an end, a connection with its auth, or an event in JSON."""
    if text in _PLAIN:
        return True
    if len(text) > LONGEST:
        return False
    if text.startswith("40"):
        namespace = _NAMESPACE.match(text)
        auth = text[namespace.end() if namespace else 2 :]
        return (not auth and namespace is not None) or isinstance(_json(auth), dict)
    found = _EVENT.match(text)
    return found is not None and _is_event(_json(text[found.end() :]))


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _OWN


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
