"""Registrations with an idempotency key."""

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused
from hexaccount.idempotency.idempotency_records import IDEMPOTENCY_RECORDS
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.registration.register_user import RegisterUser
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.people import PASSWORD, registration

TEXTS = {
    "user_name": "Juliet",
    "email": "Juliet@example.org",
    "first_name": " Juliet ",
    "last_name": "Capulet",
    "password": PASSWORD,
}


def keyed(**changes: str) -> RegisterUser:
    return RegisterUser.of_text(**{**TEXTS, "idempotency_key": "the client's own key", **changes})


def test_repeating_a_registration_with_its_key_returns_the_same_user(service: Service) -> None:
    user_id = service.bus.handle(keyed())
    assert [service.bus.handle(keyed()) for _ in range(3)] == [user_id] * 3
    assert [service.bus.handle(keyed(first_name="Juliet", password=PASSWORD))] == [user_id]


def test_a_key_expires_after_its_lifetime(service: Service, clock: AdjustableClock) -> None:
    user_id = service.bus.handle(keyed())
    clock.advance(hours=24, milliseconds=-1)
    assert service.bus.handle(keyed()) == user_id
    clock.advance(milliseconds=1)
    with pytest.raises(UserNameTaken):
        service.bus.handle(keyed())


@pytest.mark.parametrize("changes", [{"password": "another battery"}, {"last_name": "Montague"}])
def test_a_key_cannot_be_reused_for_another_registration(service: Service, changes: dict[str, str]) -> None:
    service.bus.handle(keyed())
    with pytest.raises(IdempotencyKeyReused):
        service.bus.handle(keyed(**changes))


def test_another_role_is_another_registration(service: Service) -> None:
    service.bus.handle(keyed())
    with pytest.raises(IdempotencyKeyReused):
        service.bus.handle(RegisterUser.of_text(**TEXTS, idempotency_key="the client's own key", role=Role.ADMIN))


def test_a_refused_registration_can_be_changed_and_repeated(service: Service) -> None:
    service.bus.handle(registration("juliet"))
    for _ in range(2):
        with pytest.raises(UserNameTaken):
            service.bus.handle(keyed())
    service.bus.handle(keyed(user_name="romeo", email="romeo@example.org"))


def test_a_registration_refused_by_a_full_hashing_pool_can_be_repeated(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise HashingOverloaded(1)

    with monkeypatch.context() as patched:
        patched.setattr(service.container.hashing_pool(), "run", refuse)
        with pytest.raises(HashingOverloaded):
            service.bus.handle(keyed())
    service.bus.handle(keyed())


def test_a_first_and_a_repeated_registration_cost_one_hash_each(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    for work in (keyed(), keyed()):
        service.bus.handle(work)
        assert counted.costs == [4]
        counted.costs.clear()


def test_neither_the_key_nor_the_request_is_stored_as_plain_text(service: Service) -> None:
    command = keyed()
    service.bus.handle(command)
    assert "the client's own key" not in repr(command)
    (stored,) = service.store._tables.table(IDEMPOTENCY_RECORDS).rows.values()
    for text in (*TEXTS.values(), "the client's own key"):
        assert text not in repr(stored.values)
