from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hexaccount.signing_keys.ports import KeyRefused, SigningKeys, StoredKey
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import Transaction


@dataclass(frozen=True, slots=True)
class FileSigningKeys(SigningKeys):
    """The signing keys; their private keys are encrypted."""

    handle: Handle

    def all(self) -> Sequence[StoredKey]:
        with self.handle.database.lock:
            return sorted(self.handle.database.state.keys.values(), key=lambda key: (key.signs_from, key.kid))

    def add(self, key: StoredKey) -> None:
        with self.handle.database.lock:
            if key.kid in self.handle.database.state.keys:
                raise KeyRefused("a signing key of this name already exists")
            self.handle.database.commit(Transaction(keys=[key]))

    def retire(self, kid: str, at: datetime) -> bool:
        with self.handle.database.lock:
            key = self.handle.database.state.keys.get(kid)
            if key is None or key.retired_at is not None:
                return False
            self.handle.database.commit(Transaction(keys=[replace(key, retired_at=at)]))
            return True

    def remove(self, kid: str) -> bool:
        with self.handle.database.lock:
            if kid not in self.handle.database.state.keys:
                return False
            self.handle.database.commit(Transaction(removed_keys=[kid]))
            return True
