import hmac
from collections.abc import Callable
from functools import partial

import bcrypt

from hexaccount.passwords.ports import Verification
from hexaccount_security.lane import HashingLane
from hexaccount_security.stored_hash import HIGHEST_COST, LOWEST_COST, StoredHash


class BcryptHasher:
    """Hashes passwords of any length with bcrypt, on a lane of its own.

    Every `hash` and every `verify` is the work of one bcrypt computation, whatever it is given: the time of an answer
    does not tell whether the user exists. Where a stored hash has a lower cost than the configured one, the rest of the
    work is done for nothing; only one of a higher cost takes its time, until its owner logs in.
    """

    def __init__(self, cost: int, lane: HashingLane) -> None:
        """Take the base-2 logarithm of the rounds, and where to run them; raises ValueError."""
        if not LOWEST_COST <= cost <= HIGHEST_COST:
            raise ValueError(
                f"password.cost is {cost}; set it from {LOWEST_COST} to {HIGHEST_COST} (12 takes about 0.25 s a hash)"
            )
        self._cost = cost
        self._lane = lane
        self._decoy = StoredHash(cost, salt=b"." * 22, digest=b"." * 31)

    def hash(self, password: str) -> str:
        """Return the string to store, which names its scheme and its cost; raises HashingOverloaded."""
        salt = bcrypt.gensalt(self._cost)[-22:]
        blank = StoredHash(self._cost, salt, digest=b"")
        return str(StoredHash(self._cost, salt, self._digest(blank, _bytes_of(password))))

    def verify(self, password: str, stored: str | None) -> Verification:
        """Compare `password` with a stored string; with None or a malformed one, do the same work and find no match.

        Raises HashingOverloaded.
        """
        secret = _bytes_of(password)
        known = None if stored is None else StoredHash.parse(stored)
        target = self._decoy if known is None else known
        same = hmac.compare_digest(self._digest(target, secret, self._cost), target.digest)
        matches = same and known is not None and known.can_be_of(secret)
        return Verification(matches, outdated=matches and not (target.prehashed and target.cost == self._cost))

    def _digest(self, target: StoredHash, secret: bytes, cost: int = 0) -> bytes:
        # A partial of a function in C, so that the niced thread runs next to no Python.
        work = partial(bcrypt.hashpw, target.material(secret), target.setting)
        return self._lane.run(partial(_and_the_rest, work, target.cost, cost) if target.cost < cost else work)[-31:]


def _and_the_rest(work: Callable[[], bytes], done: int, cost: int) -> bytes:
    """Return what `work` returns, and do what it lacks: 2^done and 2^done + ... + 2^(cost - 1) make 2^cost."""
    result = work()
    for lower in range(done, cost):
        bcrypt.hashpw(b"", b"$2b$%02d$%b" % (lower, b"." * 22))
    return result


def _bytes_of(password: str) -> bytes:
    # A lone surrogate is no text and fits no stored password, but it is not an error of the service either.
    return password.encode("utf-8", "surrogatepass")
