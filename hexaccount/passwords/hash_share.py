"""Whose turn a hash takes: all who wait for one share the few cores that compute them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hexaccount.kernel.causation import SERVICE, current_cause


@dataclass(frozen=True, slots=True)
class HashShare:
    """A subject that takes turns with others in the queue for hashes.

    is_known: whether the subject is somebody who has shown who it is; otherwise it is the network of a client. Half of
        the turns and places are for those who are known, as long as any of them waits.
    """

    subject: str
    is_known: bool


_share: ContextVar[HashShare | None] = ContextVar("hexaccount_hash_share", default=None)


def current_hash_share() -> HashShare:
    """Return whose hashes are computed: the actor's, and otherwise those of the client's network."""
    share = _share.get()
    if share is not None:
        return share
    cause = current_cause()
    if cause.actor is None:
        return HashShare(cause.network or "", is_known=False)
    return HashShare(cause.actor, is_known=cause.actor != SERVICE)


@contextmanager
def hashing_for(share: HashShare | None) -> Iterator[None]:
    """Take the turns of another subject within the block; with None, it changes nothing."""
    token = _share.set(share or _share.get())
    try:
        yield
    finally:
        _share.reset(token)
