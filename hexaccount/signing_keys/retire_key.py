from dataclasses import dataclass

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.signing_keys.key_reference import get_key
from hexaccount.signing_keys.ports import KeyFactory, KeyRefused
from hexaccount.signing_keys.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireKey(Command[None]):
    """End the signing of a key; the tokens that it has signed stay valid."""

    kid: str


def retire_key(command: RetireKey, *, keys: SigningKeys, key_factory: KeyFactory, clock: Clock) -> None:
    """Retire a key; raises KeyRefused for one that is not stored, and for the only one that signs."""
    stored, now = keys.all(), clock.now()
    key = get_key(stored, command.kid, key_factory)
    others = [other for other in stored if other.kid != key.kid and key_factory.can_open(other)]
    # The root key is no successor: the operator who has rotated away from it may not trust it any more.
    if key.signs_from <= now and not any(other.signs_from <= now and other.retired_at is None for other in others):
        raise KeyRefused("no other stored key signs yet; add one and retire this one once that has begun to sign")
    keys.retire(key.kid, now)
