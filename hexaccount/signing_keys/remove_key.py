from dataclasses import dataclass
from datetime import datetime

from hexaccount.kernel.clock import Clock, format_time
from hexaccount.kernel.messages import Command
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.signing_keys.key_reference import get_key
from hexaccount.signing_keys.key_schedule import KeySchedule
from hexaccount.signing_keys.ports import KeyFactory, KeyInUse, KeyRefused, StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveKey(Command[None]):
    """Remove a key whose tokens have all expired, or a compromised one at once, which makes its tokens invalid."""

    kid: str
    compromised: bool = False


def remove_key(
    command: RemoveKey, *, keys: SigningKeys, key_factory: KeyFactory, clock: Clock, lifetimes: Lifetimes
) -> None:
    """Remove a key; raises KeyRefused for one that is not stored or that a valid token may need."""
    stored = keys.all()
    key = get_key(stored, command.kid, key_factory)
    if not command.compromised and key_factory.can_open(key):
        readable = KeySchedule([other for other in stored if key_factory.can_open(other)], lifetime=lifetimes.access)
        _refuse_in_use(key, readable, clock.now())
    keys.remove(key.kid)


def _refuse_in_use(key: StoredKey, schedule: KeySchedule, now: datetime) -> None:
    end = schedule.verifies_until(key)
    if not schedule.may_have_signed(key, now) or (end is not None and end <= now):
        return
    if end is None:
        raise KeyRefused("this key signs; retire it, and remove it once its tokens have expired")
    raise KeyInUse(f"tokens of this key may be valid until {format_time(end)}")
