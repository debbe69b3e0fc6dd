"""The signing keys in the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.signing_keys.ports import KeyRefused, StoredKey

_ALL = LookUp()
SIGNING_KEYS = RecordType.of(
    StoredKey,
    "signing_keys",
    kind="signing key",
    look_ups=(_ALL,),
    taken=lambda _: KeyRefused("a signing key of this name already exists"),
)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys that the processes of a service share; each method is one unit of work."""

    unit_of_work: UnitOfWorkFactory[UnitOfWork]

    def all(self) -> Sequence[StoredKey]:
        """Return every key, by ascending `signs_from`, then `kid`."""
        with self.unit_of_work() as uow:
            found = uow.records(SIGNING_KEYS).page(_ALL, limit=None)
        return sorted(found, key=lambda key: (key.signs_from, key.kid))

    def add(self, key: StoredKey) -> None:
        """Add a key; raises KeyRefused if its id is in use."""
        with self.unit_of_work() as uow:
            uow.records(SIGNING_KEYS).add(key)
            uow.commit()

    @repeat_when_stale
    def retire(self, kid: str, at: datetime) -> bool:
        """End the signing of a key at `at`, and return whether this changed it; a retired key is not changed."""
        with self.unit_of_work() as uow:
            keys = uow.records(SIGNING_KEYS)
            key = keys.get(kid)
            if key is None or key.retired_at is not None:
                return False
            keys.replace(replace(key, retired_at=at))
            uow.commit()
        return True

    @repeat_when_stale
    def remove(self, kid: str) -> bool:
        """Remove a key, and return whether there was one."""
        with self.unit_of_work() as uow:
            keys = uow.records(SIGNING_KEYS)
            key = keys.get(kid)
            if key is None:
                return False
            keys.remove(key)
            uow.commit()
        return True
