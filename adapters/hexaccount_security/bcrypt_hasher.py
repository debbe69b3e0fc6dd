import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import bcrypt

from hexaccount.passwords.ports import Verification
from hexaccount_security.bcrypt_engines import BcryptEngine, BcryptInput
from hexaccount_security.engine_choice import choose_engine
from hexaccount_security.hashing_pool import HashingPool
from hexaccount_security.stored_hash import HIGHEST_COST, LOWEST_COST, StoredHash, password_bytes


@dataclass(frozen=True, slots=True)
class _Hashing:
    """Hashes that are computed at once: those of one engine that take the time of one cost."""

    engine: BcryptEngine
    work: int

    @property
    def largest_batch(self) -> int:
        return self.engine.lanes

    def __call__(self, inputs: Sequence[BcryptInput]) -> list[bytes]:
        return self.engine.digests(self.work, inputs)


class BcryptHasher:
    """Hashes passwords of any length with bcrypt, in a hashing pool.

    Every `hash` and every `verify` does the work of one bcrypt computation at the configured cost, together with
    others that wait: the response time does not reveal whether a user exists. For a stored hash of a lower cost, the
    missing work is done too. One of a higher cost takes longer, until its user logs in and it is replaced.
    """

    def __init__(self, cost: int, pool: HashingPool, engine: BcryptEngine | None = None) -> None:
        """Raise ValueError for a cost (the base-2 logarithm of the rounds) that is out of range.

        engine: the best one of this machine by default.
        """
        if not LOWEST_COST <= cost <= HIGHEST_COST:
            raise ValueError(
                f"password.cost is {cost}; set it from {LOWEST_COST} to {HIGHEST_COST} (12 takes about 0.25 s a hash)"
            )
        self._cost = cost
        self._pool = pool
        self._engine = engine or choose_engine()
        self._decoy = StoredHash(cost, salt=b"." * 22, digest=b"." * 31)

    def hash(self, password: str) -> str:
        """Return the string to store, which contains scheme and cost; raises HashingOverloaded."""
        salt = bcrypt.gensalt(self._cost)[-22:]
        blank = StoredHash(self._cost, salt, digest=b"")
        return str(StoredHash(self._cost, salt, self._digest(blank, password_bytes(password))))

    def verify(self, password: str, stored: str | None) -> Verification:
        """Compare `password` with a stored string; None or a malformed one costs the same work and matches nothing.

        Raises HashingOverloaded.
        """
        secret = password_bytes(password)
        parsed = None if stored is None else StoredHash.parse(stored)
        target = self._decoy if parsed is None else parsed
        same = hmac.compare_digest(self._digest(target, secret), target.digest)
        matches = same and parsed is not None and parsed.may_match(secret)
        current = target.prehashed and target.cost == self._cost
        # A new hash is of the whole password, so only one that is known to its end may be hashed anew.
        return Verification(matches, outdated=matches and not current and target.covers(secret))

    def _digest(self, target: StoredHash, secret: bytes) -> bytes:
        hashing = _Hashing(self._engine, work=max(target.cost, self._cost))
        return self._pool.run_together(hashing, BcryptInput(target.cost, target.salt, target.bcrypt_input(secret)))
