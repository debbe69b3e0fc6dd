from collections.abc import Iterator

import bcrypt
import pytest

from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_security import BcryptHasher, HashingPool, SuccessorHasher


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    pool = HashingPool(slots=1, queue=1)
    yield SuccessorHasher(BcryptHasher(5, pool), BcryptHasher(4, pool))
    pool.close()


@pytest.mark.parametrize(("password", "outdated"), [("x" * 71, True), ("x" * 72, False), ("x" * 72 + " tail", False)])
def test_what_follows_72_bytes_never_becomes_part_of_the_successors_hash(
    hasher: PasswordHasher, password: str, outdated: bool
) -> None:
    stored = bcrypt.hashpw(password.encode()[:72], b"$2b$04$" + b"." * 22).decode()
    assert hasher.verify(password, stored) == Verification(matches=True, outdated=outdated)
    assert hasher.verify("wrong", stored) == Verification(matches=False)
