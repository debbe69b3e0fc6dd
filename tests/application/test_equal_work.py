"""Nobody learns from the work of an answer who has an account: each wrong login costs one hash of one cost."""

from collections.abc import Iterator

import bcrypt
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security import BcryptHasher, HashingLane
from tests.application.counted_bcrypt import CountedBcrypt
from tests.application.people import PASSWORD, registration


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountedBcrypt:
    return CountedBcrypt(monkeypatch)


@pytest.fixture
def house(service: Service, counted: CountedBcrypt) -> Service:
    """Juliet has an account, Tybalt has a disabled one; what was counted until then does not count."""
    service.bus.handle(registration("juliet"))
    service.bus.handle(DisableUser(user_id=service.bus.handle(registration("tybalt"))))
    counted.costs.clear()
    return service


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("romeo", PASSWORD, id="unknown-name"),
        pytest.param("romeo@example.org", PASSWORD, id="unknown-address"),
        pytest.param("juliet", "wrong password", id="wrong-password"),
        pytest.param("juliet@example.org", "wrong password", id="wrong-password-by-address"),
        pytest.param("ju liet", PASSWORD, id="impossible-name"),
        pytest.param("@", PASSWORD, id="impossible-address"),
        pytest.param("", "", id="nothing"),
        pytest.param("x" * 65, PASSWORD, id="too-long-a-name"),
        pytest.param("tybalt", PASSWORD, id="disabled-user"),
        pytest.param("tybalt", "wrong password", id="disabled-user-and-wrong-password"),
        pytest.param("juliet", "short", id="impossible-password"),
        pytest.param("juliet", "x" * 5000, id="endless-password"),
    ],
)
def test_every_wrong_login_is_one_hash_of_the_same_cost(
    house: Service, counted: CountedBcrypt, name: str, password: str
) -> None:
    with pytest.raises(WrongCredentials):
        house.bus.handle(LogIn(user_name=name, password=password))
    assert counted.costs == [4]


def test_a_login_is_one_hash(house: Service, counted: CountedBcrypt) -> None:
    house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert counted.costs == [4]


def test_a_registration_is_one_hash_of_the_cost_that_is_set(house: Service, counted: CountedBcrypt) -> None:
    house.bus.handle(registration("romeo"))
    assert counted.costs == [4]


def stored_hash(service: Service, new: str | None = None) -> str:
    """Return the stored hash of Juliet, having put `new` in its place."""
    with service.store.unit_of_work() as uow:
        user = uow.users.find_by_name("juliet")
        assert user
        if new is not None:
            uow.users.replace_hash(user.id, old=user.password_hash, new=new)
            uow.commit()
            return new
        return user.password_hash


def imported_hash(cost: int, prefix: bytes = b"$2b$") -> str:
    return (prefix + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost))[4:]).decode()


@pytest.fixture
def lane() -> Iterator[HashingLane]:
    lane = HashingLane(slots=1, queue=4)
    yield lane
    lane.close()


@pytest.mark.parametrize("prefix", [b"$2a$", b"$2b$", b"$2y$"])
def test_an_imported_hash_is_upgraded_at_the_next_login(house: Service, prefix: bytes) -> None:
    stored_hash(house, new=imported_hash(4, prefix))
    house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    upgraded = stored_hash(house)
    assert upgraded.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert stored_hash(house) == upgraded


def test_a_hash_of_an_outdated_cost_is_upgraded_at_the_next_login(
    house: Service, lane: HashingLane, counted: CountedBcrypt
) -> None:
    stored_hash(house, new=BcryptHasher(5, lane).hash(PASSWORD))
    counted.costs.clear()
    house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert stored_hash(house).startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    assert counted.costs == [5, 4]


@pytest.mark.parametrize("password", ["wrong password", PASSWORD + "\0", ""])
def test_a_wrong_password_upgrades_nothing(house: Service, counted: CountedBcrypt, password: str) -> None:
    imported = stored_hash(house, new=imported_hash(4))
    counted.costs.clear()
    with pytest.raises(WrongCredentials):
        house.bus.handle(LogIn(user_name="juliet", password=password))
    assert stored_hash(house) == imported
    assert counted.costs == [4]


def test_a_disabled_user_upgrades_nothing(house: Service, counted: CountedBcrypt) -> None:
    imported = stored_hash(house, new=imported_hash(4))
    with house.store.unit_of_work() as uow:
        juliet = uow.users.find_by_name("juliet")
    assert juliet
    house.bus.handle(DisableUser(user_id=juliet.id))
    counted.costs.clear()
    with pytest.raises(WrongCredentials):
        house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert stored_hash(house) == imported
    assert counted.costs == [4]


class SoonOverloaded(BcryptHasher):
    """The real hasher, whose lane is full for every second computation of a login."""

    def hash(self, password: str) -> str:
        raise HashingOverloaded(1)


def test_an_upgrade_that_finds_no_place_does_not_fail_the_login(house: Service, lane: HashingLane) -> None:
    imported = stored_hash(house, new=imported_hash(4))
    with open_service(house.settings, store=house.store, hasher=SoonOverloaded(4, lane)) as busy:
        assert busy.bus.handle(LogIn(user_name="juliet", password=PASSWORD)).token
    assert stored_hash(house) == imported
    house.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert stored_hash(house) != imported


def test_an_upgrade_does_not_undo_a_password_that_was_changed_meanwhile(house: Service, lane: HashingLane) -> None:
    stored_hash(house, new=imported_hash(4))

    class Interrupted(BcryptHasher):
        def hash(self, password: str) -> str:
            stored_hash(house, new="$changed")
            return super().hash(password)

    with open_service(house.settings, store=house.store, hasher=Interrupted(4, lane)) as interrupted:
        interrupted.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    assert stored_hash(house) == "$changed"
