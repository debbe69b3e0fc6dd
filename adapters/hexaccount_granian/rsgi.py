"""granian's types of RSGI, and what they do not say.

`Headers.items` and `get` omit values that are not ASCII; `keys` has their names. `Scope.path` is percent-decoded, with
bytes that are not UTF-8 replaced. Iterating over HTTPProtocol yields the pieces of the body, and an empty one at its
end; calling it returns the whole body. Both raise RuntimeError if the body is incomplete. A response may be sent from
any thread, and is dropped if the connection is closed.
"""

from granian.rsgi import Headers, HTTPProtocol, Scope  # type: ignore[attr-defined]  # exported, but not explicitly

__all__ = ["HTTPProtocol", "Headers", "Scope"]
