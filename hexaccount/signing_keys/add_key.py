from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.signing_keys.key_schedule import SIGNS_AFTER
from hexaccount.signing_keys.ports import ALGORITHMS, KeyFactory, StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedKey:
    """A new key and the moment from which it signs."""

    kid: str
    signs_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKey(Command[AddedKey]):
    """Make a key for one of ALGORITHMS; it is published at once and signs after `signs_after`."""

    algorithm: str = ALGORITHMS[0]
    signs_after: timedelta = SIGNS_AFTER

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}")
        if self.signs_after < timedelta():
            raise ValueError("signs_after must not be negative")


def add_key(command: AddKey, *, keys: SigningKeys, key_factory: KeyFactory, clock: Clock) -> AddedKey:
    made = key_factory.make(command.algorithm)
    now = clock.now()
    signs_from = now + command.signs_after
    keys.add(
        StoredKey(kid=made.kid, algorithm=made.algorithm, sealed=made.sealed, created_at=now, signs_from=signs_from)
    )
    return AddedKey(kid=made.kid, signs_from=signs_from)
