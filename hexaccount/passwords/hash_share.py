"""Whose turn a hash takes: all who wait for one share the few cores that compute them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hexaccount.kernel.causation import SERVICE, current_cause


@dataclass(frozen=True, slots=True)
class HashShare:
    """A subject that takes turns with others in the queue for hashes.

    subject: the network of a client; where there is none, the actor.
    is_known: whether the client has shown who it is. Half of the turns and places are for those, as long as any waits.
    """

    subject: str
    is_known: bool


_is_known: ContextVar[bool] = ContextVar("hexaccount_hash_for_known", default=False)


def current_hash_share() -> HashShare:
    """Return whose hashes are computed.

    Accounts of one network are one subject: opening accounts is cheap.
    """
    cause = current_cause()
    is_known = _is_known.get() or cause.actor not in {None, SERVICE}
    return HashShare(cause.network or cause.actor or "", is_known)


@contextmanager
def hashing_for_known() -> Iterator[None]:
    """Hash for a client that has shown who it is, by a proof other than a session."""
    token = _is_known.set(True)
    try:
        yield
    finally:
        _is_known.reset(token)
