"""Every wrong login costs one hash of the same cost, so its duration does not reveal whether an account exists."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import bcrypt
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security import BcryptHasher, HashingPool
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.people import PASSWORD, WRONG_PASSWORD, log_in, registration


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountedBcrypt:
    return CountedBcrypt(monkeypatch)


@pytest.fixture
def service_with_users(service: Service, counted: CountedBcrypt) -> Service:
    """Register juliet and tybalt, disable tybalt, and reset the counter."""
    service.bus.handle(registration("juliet"))
    service.bus.handle(DisableUser(user_id=service.bus.handle(registration("tybalt"))))
    counted.costs.clear()
    return service


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("romeo", PASSWORD, id="unknown-name"),
        pytest.param("romeo@example.org", PASSWORD, id="unknown-address"),
        pytest.param("juliet", WRONG_PASSWORD, id="wrong-password"),
        pytest.param("juliet@example.org", WRONG_PASSWORD, id="wrong-password-by-address"),
        pytest.param("ju liet", PASSWORD, id="impossible-name"),
        pytest.param("@", PASSWORD, id="impossible-address"),
        pytest.param("", "", id="nothing"),
        pytest.param("x" * 65, PASSWORD, id="too-long-a-name"),
        pytest.param("tybalt", PASSWORD, id="disabled-user"),
        pytest.param("tybalt", WRONG_PASSWORD, id="disabled-user-and-wrong-password"),
        pytest.param("juliet", "short", id="impossible-password"),
        pytest.param("juliet", "x" * 5000, id="endless-password"),
    ],
)
def test_every_wrong_login_costs_one_hash_of_the_same_cost(
    service_with_users: Service, counted: CountedBcrypt, name: str, password: str
) -> None:
    with pytest.raises(WrongCredentials):
        log_in(service_with_users.bus, name, password)
    assert counted.costs == [4]


def calls_of_a_wrong_login(service: Service, name: str, password: str) -> int:
    """Return how many functions the second one calls, as the first may fill caches and make counters."""
    calls: list[str] = []

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            calls.append(event)

    for _ in range(2):
        calls.clear()
        with pytest.raises(WrongCredentials), profiling(note):
            log_in(service.bus, name, password)
    return len(calls)


@contextmanager
def profiling(note: Callable[[FrameType, str, object], None]) -> Iterator[None]:
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_wrong_logins_do_the_same_work_besides_the_hash(service_with_users: Service, pool: HashingPool) -> None:
    service_with_users.bus.handle(registration("mercutio"))
    stored_hash(service_with_users, "mercutio", new=BcryptHasher(5, pool).hash(PASSWORD))
    wrong = calls_of_a_wrong_login(service_with_users, "juliet", WRONG_PASSWORD)
    assert calls_of_a_wrong_login(service_with_users, "tybalt", PASSWORD) == pytest.approx(wrong, rel=0.01)
    assert calls_of_a_wrong_login(service_with_users, "mercutio", WRONG_PASSWORD) == pytest.approx(wrong, rel=0.01)
    # What is missing reads no row, which takes some microseconds of a quarter of a second.
    assert calls_of_a_wrong_login(service_with_users, "romeo", WRONG_PASSWORD) == pytest.approx(wrong, rel=0.05)


def test_a_login_costs_one_hash(service_with_users: Service, counted: CountedBcrypt) -> None:
    log_in(service_with_users.bus)
    assert counted.costs == [4]


def test_a_registration_costs_one_hash_of_the_configured_cost(
    service_with_users: Service, counted: CountedBcrypt
) -> None:
    service_with_users.bus.handle(registration("romeo"))
    assert counted.costs == [4]


def stored_hash(service: Service, name: str = "juliet", new: str | None = None) -> str:
    """Return the stored hash of an account, after replacing it by `new` if given."""
    with service.store.unit_of_work() as uow:
        user = Users(uow).find_by_name(name)
        assert user
        if new is not None:
            Users(uow).get(user.id).renew_hash(old=user.password_hash, new=new)
            uow.commit()
            return new
        return user.password_hash


def imported_hash(cost: int, prefix: bytes = b"$2b$") -> str:
    return (prefix + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost))[4:]).decode()


@pytest.fixture
def pool() -> Iterator[HashingPool]:
    pool = HashingPool(slots=1, queue=4)
    yield pool
    pool.close()


@pytest.mark.parametrize("prefix", [b"$2a$", b"$2b$", b"$2y$"])
def test_an_imported_hash_is_upgraded_at_the_next_login(service_with_users: Service, prefix: bytes) -> None:
    stored_hash(service_with_users, new=imported_hash(4, prefix))
    log_in(service_with_users.bus)
    upgraded = stored_hash(service_with_users)
    assert upgraded.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    log_in(service_with_users.bus)
    assert stored_hash(service_with_users) == upgraded


def test_a_hash_of_an_outdated_cost_is_upgraded_at_the_next_login(
    service_with_users: Service, pool: HashingPool, counted: CountedBcrypt
) -> None:
    stored_hash(service_with_users, new=BcryptHasher(5, pool).hash(PASSWORD))
    counted.costs.clear()
    log_in(service_with_users.bus)
    assert stored_hash(service_with_users).startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    assert counted.costs == [5, 4]


@pytest.mark.parametrize("password", [WRONG_PASSWORD, PASSWORD + "\0", ""])
def test_a_wrong_password_upgrades_nothing(service_with_users: Service, counted: CountedBcrypt, password: str) -> None:
    imported = stored_hash(service_with_users, new=imported_hash(4))
    counted.costs.clear()
    with pytest.raises(WrongCredentials):
        log_in(service_with_users.bus, password=password)
    assert stored_hash(service_with_users) == imported
    assert counted.costs == [4]


def test_a_disabled_user_upgrades_nothing(service_with_users: Service, counted: CountedBcrypt) -> None:
    imported = stored_hash(service_with_users, new=imported_hash(4))
    with service_with_users.store.unit_of_work() as uow:
        juliet = Users(uow).find_by_name("juliet")
    assert juliet
    service_with_users.bus.handle(DisableUser(user_id=juliet.id))
    counted.costs.clear()
    with pytest.raises(WrongCredentials):
        log_in(service_with_users.bus)
    assert stored_hash(service_with_users) == imported
    assert counted.costs == [4]


class OverloadedForUpgrades(BcryptHasher):
    """A hasher that verifies passwords but is too busy to upgrade hashes."""

    def hash(self, password: str) -> str:
        raise HashingOverloaded(1)


def test_a_full_hashing_pool_prevents_an_upgrade_but_not_the_login(
    service_with_users: Service, pool: HashingPool
) -> None:
    imported = stored_hash(service_with_users, new=imported_hash(4))
    with open_service(
        service_with_users.settings, store=service_with_users.store, hasher=OverloadedForUpgrades(4, pool)
    ) as busy:
        assert log_in(busy.bus).token
    assert stored_hash(service_with_users) == imported
    log_in(service_with_users.bus)
    assert stored_hash(service_with_users) != imported


def test_an_upgrade_does_not_overwrite_a_concurrent_password_change(
    service_with_users: Service, pool: HashingPool
) -> None:
    stored_hash(service_with_users, new=imported_hash(4))

    class Interrupted(BcryptHasher):
        def hash(self, password: str) -> str:
            stored_hash(service_with_users, new="$changed")
            return super().hash(password)

    with open_service(
        service_with_users.settings, store=service_with_users.store, hasher=Interrupted(4, pool)
    ) as interrupted:
        log_in(interrupted.bus)
    assert stored_hash(service_with_users) == "$changed"
