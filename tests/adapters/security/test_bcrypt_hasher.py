import re
from collections.abc import Iterator, Sequence
from typing import Any

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_security import BcryptHasher, HashingPool
from hexaccount_security.bcrypt_engines import BcryptInput
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt

patient = settings(deadline=None)  # the machine may be busy

PLAIN = bcrypt.hashpw(b"correct horse", b"$2b$04$" + b"." * 22).decode()


class RecordingPool(HashingPool):
    """A pool that records the work of each bcrypt computation."""

    def __init__(self) -> None:
        super().__init__(slots=2, queue=16)
        self.works: list[int] = []

    def run_together(self, work: Any, of: Any) -> Any:
        self.works.append(work.work)
        return super().run_together(work, of)


@pytest.fixture(scope="module")
def pool() -> Iterator[RecordingPool]:
    pool = RecordingPool()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def hasher(pool: RecordingPool) -> PasswordHasher:
    return BcryptHasher(4, pool)


any_password = st.text(st.characters(), max_size=300)


@patient
@given(password=any_password)
def test_a_password_matches_its_own_hash(hasher: PasswordHasher, password: str) -> None:
    assert hasher.verify(password, hasher.hash(password)) == Verification(matches=True, outdated=False)


@patient
@given(password=st.text(min_size=73, max_size=300), data=st.data())
def test_every_character_counts_beyond_72_bytes(hasher: PasswordHasher, password: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(72, len(password) - 1))
    other = data.draw(st.characters().filter(lambda character: character != password[position]))
    changed = password[:position] + other + password[position + 1 :]
    assert not hasher.verify(changed, hasher.hash(password)).matches


@patient
@given(password=any_password, other=any_password)
def test_another_password_does_not_match(hasher: PasswordHasher, password: str, other: str) -> None:
    assert hasher.verify(other, hasher.hash(password)).matches == (other == password)


@patient
@given(password=any_password, stored=st.text() | st.from_regex(r"\A\$(2[abxy]?|bcrypt-sha256)\$.{0,60}\Z"))
def test_a_malformed_stored_string_matches_nothing_and_raises_nothing(
    hasher: PasswordHasher, password: str, stored: str
) -> None:
    assert hasher.verify(password, stored) == Verification(matches=False)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!",
        PLAIN + "\n",
        PLAIN[:-1],
        PLAIN + ".",
        PLAIN.replace("$2b$", "$2x$"),
        PLAIN.replace("$2b$", "$2$"),
        PLAIN.replace("$04$", "$03$"),
        PLAIN.replace("$04$", "$4$"),
        PLAIN.replace("$04$", "$-4$"),
        PLAIN.replace("$04$", "$٠٤$"),
        "$bcrypt-sha256$v=2,t=2b,r=04$" + PLAIN[7:29] + "$" + PLAIN[29:],
        "$bcrypt-sha256$v=3,t=2b,r=4$" + PLAIN[7:29] + "$" + PLAIN[29:],
        "$bcrypt-sha256$v=2,t=2b,r=4$" + PLAIN[7:28] + "/$" + PLAIN[29:],
    ],
)
def test_a_string_that_is_almost_a_hash_matches_nothing(hasher: PasswordHasher, stored: str) -> None:
    assert hasher.verify("correct horse", stored) == Verification(matches=False)


def test_no_password_matches_without_a_stored_hash(hasher: PasswordHasher) -> None:
    assert hasher.verify("correct horse", None) == Verification(matches=False)


def test_the_decoy_itself_matches_nothing(pool: HashingPool) -> None:
    class DecoyEngine:
        name, lanes = "decoy", 1

        def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
            return [b"." * 31]

    assert not BcryptHasher(4, pool, DecoyEngine()).verify("correct horse", None).matches


@pytest.mark.parametrize(
    ("stored", "cost"),
    [
        (None, 4),
        ("", 4),
        ("not a hash", 4),
        (PLAIN.replace("$04$", "$16$"), 4),
        (PLAIN.replace("$04$", "$31$"), 4),
        ("$bcrypt-sha256$v=2,t=2b,r=31$" + "." * 22 + "$" + "." * 31, 4),
        (PLAIN, 4),
        (PLAIN.replace("$04$", "$05$"), 5),
        ("$bcrypt-sha256$v=2,t=2b,r=5$" + "." * 22 + "$" + "." * 31, 5),
    ],
)
@pytest.mark.parametrize("password", ["correct horse", "wrong", "", "x" * 200, "nul\0nul", "\ud800"])
def test_every_verification_is_one_computation(
    hasher: PasswordHasher, pool: RecordingPool, password: str, stored: str | None, cost: int
) -> None:
    pool.works.clear()
    hasher.verify(password, stored)
    assert pool.works == [cost]


def test_every_hash_is_one_computation(hasher: PasswordHasher, pool: RecordingPool) -> None:
    pool.works.clear()
    hasher.hash("correct horse")
    assert pool.works == [4]


def test_two_hashes_of_one_password_differ(hasher: PasswordHasher) -> None:
    assert hasher.hash("correct horse") != hasher.hash("correct horse")


def test_the_stored_string_names_its_scheme_and_cost(hasher: PasswordHasher) -> None:
    form = r"\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}"
    assert re.fullmatch(form, hasher.hash("correct horse"))


def test_a_hash_of_another_cost_is_outdated(pool: HashingPool) -> None:
    four, five = BcryptHasher(4, pool), BcryptHasher(5, pool)
    assert five.verify("correct horse", four.hash("correct horse")) == Verification(matches=True, outdated=True)
    assert four.verify("correct horse", five.hash("correct horse")) == Verification(matches=True, outdated=True)


def test_a_plain_bcrypt_hash_is_outdated(hasher: PasswordHasher) -> None:
    assert hasher.verify("correct horse", PLAIN) == Verification(matches=True, outdated=True)


@pytest.mark.parametrize(("password", "outdated"), [("x" * 71, True), ("x" * 72, False), ("x" * 72 + " tail", False)])
def test_what_follows_72_bytes_never_becomes_part_of_a_renewed_hash(
    hasher: PasswordHasher, password: str, outdated: bool
) -> None:
    stored = bcrypt.hashpw(password.encode()[:72], b"$2b$04$" + b"." * 22).decode()
    assert hasher.verify(password, stored) == Verification(matches=True, outdated=outdated)


def test_a_hash_of_another_cost_is_outdated_however_long_the_password(pool: HashingPool) -> None:
    stored = BcryptHasher(4, pool).hash("x" * 100)
    assert BcryptHasher(5, pool).verify("x" * 100, stored) == Verification(matches=True, outdated=True)


def test_a_hash_that_does_not_match_is_not_reported_outdated(hasher: PasswordHasher) -> None:
    assert hasher.verify("wrong", PLAIN) == Verification(matches=False, outdated=False)


@pytest.mark.parametrize("password", ["a\0a", "a\0", "\0a", "\0"])
def test_a_password_with_a_nul_matches_no_plain_hash(hasher: PasswordHasher, password: str) -> None:
    for shorter in (b"a", b""):
        stored = bcrypt.hashpw(shorter, b"$2b$04$" + b"." * 22).decode()
        assert not hasher.verify(password, stored).matches


@patient
@given(password=st.text(st.characters(categories=["Cs"]), min_size=1))
def test_a_lone_surrogate_matches_no_text(hasher: PasswordHasher, password: str) -> None:
    assert not hasher.verify(password, hasher.hash(password.encode("utf-8", "replace").decode())).matches


@pytest.mark.parametrize("cost", [-1, 0, 3, 16, 31])
def test_a_cost_out_of_range_is_an_error_with_the_remedy(pool: HashingPool, cost: int) -> None:
    with pytest.raises(ValueError, match=r"password\.cost is .*; set it from 4 to 15"):
        BcryptHasher(cost, pool)


@pytest.mark.parametrize("cost", [4, 5, 7])
def test_verifying_a_hash_of_a_lower_cost_does_the_work_of_the_configured_cost(
    cost: int, pool: RecordingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = BcryptHasher(cost, pool).hash("correct horse")
    hasher = BcryptHasher(7, pool)
    counted = CountedBcrypt(monkeypatch)
    assert hasher.verify("correct horse", stored) == Verification(matches=True, outdated=cost != 7)
    assert not hasher.verify("wrong horse", stored).matches
    assert not hasher.verify("correct horse", None).matches
    assert sum(2**cost for cost in counted.costs) == 3 * 2**7
