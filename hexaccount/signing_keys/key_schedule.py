"""When each signing key signs, and until when its tokens are valid."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.signing_keys.ports import StoredKey

READ_AGAIN = timedelta(seconds=2)
"""How often every process reads the shared keys."""

LONGEST_UNREAD = timedelta(seconds=4)
"""How old the keys of a process may be while it reaches the store."""

UNSURE = LONGEST_UNREAD + CLOCKS_APART
"""How long after a change another process may still use the earlier keys, clock differences included."""

OUTLIVES = UNSURE + CLOCKS_APART
"""How much longer than its last token a key verifies: the clock of the process that forgets it may be ahead."""

PUBLISHED_FOR = timedelta(seconds=300)
"""How long verifiers may cache the published keys."""

SIGNS_AFTER = PUBLISHED_FOR + UNSURE
"""How long a new key waits before it signs, so that every verifier has it before its first token."""


class KeySchedule:
    """The keys in their order: of those that have begun and are not retired, the newest signs.

    The root key, here None, signs before the first of the others and after all of them are retired.
    """

    def __init__(self, keys: Iterable[StoredKey], *, lifetime: timedelta) -> None:
        """Take the stored keys and the lifetime of tokens."""
        self.keys = sorted(keys, key=lambda key: (key.signs_from, key.created_at, key.kid))
        self._lifetime = lifetime

    def signer(self, at: datetime) -> StoredKey | None:
        """Return the key that signs at a moment, None for the root key."""
        for key in reversed(self.keys):
            if key.signs_from <= at and (key.retired_at is None or at < key.retired_at):
                return key
        return None

    def signs_until(self, key: StoredKey | None) -> datetime | None:
        """Return when a key signs its last token, None if it has no end yet."""
        ends = [] if key is None or key.retired_at is None else [key.retired_at]
        newer = self.keys if key is None else self.keys[self.keys.index(key) + 1 :]
        superseded = _covered_for_ever(newer)
        return min(ends if superseded is None else [*ends, superseded], default=None)

    def verifies_until(self, key: StoredKey | None) -> datetime | None:
        """Return when the last token of a key has certainly expired, None if it has no end yet."""
        end = self.signs_until(key)
        if end is None:
            return None
        if key is not None and end + UNSURE <= key.signs_from:
            return end  # it was retired before it ever signed
        return end + self._lifetime + OUTLIVES

    def may_have_signed(self, key: StoredKey, at: datetime) -> bool:
        """Tell whether any process may have signed with a key by a moment."""
        return key.signs_from <= at + UNSURE


def _covered_for_ever(keys: Iterable[StoredKey]) -> datetime | None:
    """Return the moment from which one of these keys always signs; None if they do not cover the future."""
    begun, covered = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    for key in keys:
        end = key.retired_at or datetime.max.replace(tzinfo=UTC)
        if end <= key.signs_from:
            continue
        if key.signs_from > covered:
            begun = key.signs_from
        covered = max(covered, end)
    return begun if covered == datetime.max.replace(tzinfo=UTC) else None
