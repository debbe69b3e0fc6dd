import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar, cast

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_security import BcryptHasher, HashingLane
from tests.application.counted_bcrypt import CountedBcrypt

T = TypeVar("T")

patient = settings(deadline=None)  # a busy machine is no failure

PLAIN = bcrypt.hashpw(b"correct horse", b"$2b$04$" + b"." * 22).decode()


class WatchedLane(HashingLane):
    """A lane that remembers with which setting each bcrypt computation was asked for."""

    def __init__(self) -> None:
        super().__init__(slots=2, queue=16)
        self.settings: list[bytes] = []

    def run(self, work: Callable[[], T]) -> T:
        self.settings.append(cast("partial[Any]", work).args[1])
        return super().run(work)


@pytest.fixture(scope="module")
def lane() -> Iterator[WatchedLane]:
    lane = WatchedLane()
    yield lane
    lane.close()


@pytest.fixture(scope="module")
def hasher(lane: WatchedLane) -> PasswordHasher:
    return BcryptHasher(4, lane)


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


def test_no_password_matches_when_nothing_is_stored(hasher: PasswordHasher) -> None:
    assert hasher.verify("correct horse", None) == Verification(matches=False)


def test_the_decoy_itself_matches_nothing(hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bcrypt, "hashpw", lambda material, setting: setting + b"." * 31)
    assert not hasher.verify("correct horse", None).matches


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
    hasher: PasswordHasher, lane: WatchedLane, password: str, stored: str | None, cost: int
) -> None:
    lane.settings.clear()
    hasher.verify(password, stored)
    assert [setting[:7] for setting in lane.settings] == [b"$2b$%02d$" % cost]


def test_every_hash_is_one_computation(hasher: PasswordHasher, lane: WatchedLane) -> None:
    lane.settings.clear()
    hasher.hash("correct horse")
    assert len(lane.settings) == 1


def test_the_same_password_is_never_stored_twice_alike(hasher: PasswordHasher) -> None:
    assert hasher.hash("correct horse") != hasher.hash("correct horse")


def test_the_stored_string_names_its_scheme_and_cost(hasher: PasswordHasher) -> None:
    form = r"\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}"
    assert re.fullmatch(form, hasher.hash("correct horse"))


def test_a_hash_of_another_cost_is_outdated(lane: HashingLane) -> None:
    four, five = BcryptHasher(4, lane), BcryptHasher(5, lane)
    assert five.verify("correct horse", four.hash("correct horse")) == Verification(matches=True, outdated=True)
    assert four.verify("correct horse", five.hash("correct horse")) == Verification(matches=True, outdated=True)


def test_a_plain_bcrypt_hash_is_outdated(hasher: PasswordHasher) -> None:
    assert hasher.verify("correct horse", PLAIN) == Verification(matches=True, outdated=True)


def test_a_hash_that_does_not_match_is_not_reported_outdated(hasher: PasswordHasher) -> None:
    assert hasher.verify("wrong", PLAIN) == Verification(matches=False, outdated=False)


@pytest.mark.parametrize("password", ["a\0a", "a\0", "\0a", "\0"])
def test_a_nul_cannot_stand_in_for_a_shorter_password_of_a_plain_hash(hasher: PasswordHasher, password: str) -> None:
    for shorter in (b"a", b""):
        stored = bcrypt.hashpw(shorter, b"$2b$04$" + b"." * 22).decode()
        assert not hasher.verify(password, stored).matches


@patient
@given(password=st.text(st.characters(categories=["Cs"]), min_size=1))
def test_a_lone_surrogate_matches_no_text(hasher: PasswordHasher, password: str) -> None:
    assert not hasher.verify(password, hasher.hash(password.encode("utf-8", "replace").decode())).matches


@pytest.mark.parametrize("cost", [-1, 0, 3, 16, 31])
def test_a_cost_out_of_bounds_is_refused_with_the_remedy(lane: HashingLane, cost: int) -> None:
    with pytest.raises(ValueError, match=r"password\.cost is .*; set it from 4 to 15"):
        BcryptHasher(cost, lane)


@pytest.mark.parametrize("cost", [4, 5, 7])
def test_a_hash_of_a_lower_cost_takes_the_work_of_the_configured_one(
    cost: int, lane: WatchedLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = BcryptHasher(cost, lane).hash("correct horse")
    hasher = BcryptHasher(7, lane)
    counted = CountedBcrypt(monkeypatch)
    assert hasher.verify("correct horse", stored) == Verification(matches=True, outdated=cost != 7)
    assert not hasher.verify("wrong horse", stored).matches
    assert not hasher.verify("correct horse", None).matches
    assert sum(2**cost for cost in counted.costs) == 3 * 2**7
