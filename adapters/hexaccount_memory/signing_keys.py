from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hexaccount.signing_keys.ports import KeyRefused, SigningKeys, StoredKey
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemorySigningKeys(SigningKeys):
    """The signing keys in memory."""

    tables: Tables

    def all(self) -> Sequence[StoredKey]:
        with self.tables.lock:
            return sorted(self.tables.signing_keys.values(), key=lambda key: (key.signs_from, key.kid))

    def add(self, key: StoredKey) -> None:
        with self.tables.lock:
            if key.kid in self.tables.signing_keys:
                raise KeyRefused("a signing key of this name already exists")
            self.tables.signing_keys[key.kid] = key

    def retire(self, kid: str, at: datetime) -> bool:
        with self.tables.lock:
            key = self.tables.signing_keys.get(kid)
            if key is None or key.retired_at is not None:
                return False
            self.tables.signing_keys[kid] = replace(key, retired_at=at)
            return True

    def remove(self, kid: str) -> bool:
        with self.tables.lock:
            return self.tables.signing_keys.pop(kid, None) is not None
