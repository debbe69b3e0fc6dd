from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hexaccount.signing_keys.ports import KeyRefused, SigningKeys, StoredKey
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Step


@dataclass(frozen=True, slots=True)
class FileSigningKeys(SigningKeys):
    """The signing keys, their private parts sealed."""

    handle: Handle

    def all(self) -> Sequence[StoredKey]:
        with self.handle.book.lock:
            return sorted(self.handle.book.state.keys.values(), key=lambda key: (key.signs_from, key.kid))

    def add(self, key: StoredKey) -> None:
        with self.handle.book.lock:
            if key.kid in self.handle.book.state.keys:
                raise KeyRefused("there is a signing key of this name already")
            self.handle.book.do(Step(keys=[key]))

    def retire(self, kid: str, at: datetime) -> bool:
        with self.handle.book.lock:
            key = self.handle.book.state.keys.get(kid)
            if key is None or key.retired_at is not None:
                return False
            self.handle.book.do(Step(keys=[replace(key, retired_at=at)]))
            return True

    def remove(self, kid: str) -> bool:
        with self.handle.book.lock:
            if kid not in self.handle.book.state.keys:
                return False
            self.handle.book.do(Step(keys_gone=[kid]))
            return True
