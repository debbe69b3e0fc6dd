from dataclasses import dataclass

from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_security.bcrypt_hasher import BcryptHasher
from hexaccount_security.stored_hash import StoredHash, password_bytes


@dataclass(frozen=True, slots=True)
class SuccessorHasher:
    """Hashes with another hasher, and verifies the bcrypt hashes of earlier times, which a login then renews.

    Until then, the response time may reveal that an account has not logged in since bcrypt was replaced.
    """

    successor: PasswordHasher
    former: BcryptHasher

    def hash(self, password: str) -> str:
        """Return the successor's hash; raises HashingOverloaded."""
        return self.successor.hash(password)

    def verify(self, password: str, stored: str | None) -> Verification:
        """Compare `password` with a hash of either; raises HashingOverloaded."""
        former = None if stored is None else StoredHash.parse(stored)
        if former is None:
            return self.successor.verify(password, stored)
        matches = self.former.verify(password, stored).matches
        return Verification(matches, outdated=matches and former.covers(password_bytes(password)))
