from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Query
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.signing_keys.key_schedule import KeySchedule
from hexaccount.signing_keys.ports import KeyFactory, RootKey, StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys


class KeyState(Enum):
    """The state of a key; a SPENT one has no valid token any more."""

    WAITING = "waiting"
    SIGNING = "signing"
    VERIFYING = "verifying"
    SPENT = "spent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key as admins see it; the root key of the settings has no times.

    `verifies_until` is when its last token has expired, None while it has no end yet.
    """

    kid: str
    algorithm: str
    state: KeyState
    from_settings: bool
    created_at: datetime | None
    signs_from: datetime | None
    retired_at: datetime | None
    verifies_until: datetime | None


@dataclass(frozen=True, slots=True)
class ListKeys(Query[Sequence[KeyView]]):
    """List all signing keys, that of the settings first, the others in the order in which they begin to sign."""


def list_keys(
    _: ListKeys, *, keys: SigningKeys, key_factory: KeyFactory, clock: Clock, lifetimes: Lifetimes
) -> Sequence[KeyView]:
    now, stored = clock.now(), keys.all()
    schedule = KeySchedule([key for key in stored if key_factory.can_open(key)], lifetime=lifetimes.access)
    return [_root_view(key_factory.root_key, schedule, now), *(_view(key, schedule, now) for key in stored)]


def _root_view(root: RootKey, schedule: KeySchedule, now: datetime) -> KeyView:
    return KeyView(
        kid=root.kid,
        algorithm=root.algorithm,
        state=_state(None, schedule, now),
        from_settings=True,
        created_at=None,
        signs_from=None,
        retired_at=None,
        verifies_until=schedule.verifies_until(None),
    )


def _view(key: StoredKey, schedule: KeySchedule, now: datetime) -> KeyView:
    readable = key in schedule.keys
    return KeyView(
        kid=key.kid,
        algorithm=key.algorithm,
        state=_state(key, schedule, now) if readable else KeyState.UNREADABLE,
        from_settings=False,
        created_at=key.created_at,
        signs_from=key.signs_from,
        retired_at=key.retired_at,
        verifies_until=schedule.verifies_until(key) if readable else None,
    )


def _state(key: StoredKey | None, schedule: KeySchedule, now: datetime) -> KeyState:
    end = schedule.verifies_until(key)
    if schedule.signer(now) == key:
        return KeyState.SIGNING
    if end is not None and end <= now:
        return KeyState.SPENT
    if key is not None and key.retired_at is None and now < key.signs_from:
        return KeyState.WAITING
    return KeyState.VERIFYING
