from datetime import timedelta

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.signing_keys.add_key import AddedKey, AddKey
from hexaccount.signing_keys.key_schedule import OUTLIVES, SIGNS_AFTER
from hexaccount.signing_keys.list_keys import KeyState, KeyView, ListKeys
from hexaccount.signing_keys.ports import KeyRefused
from hexaccount.signing_keys.remove_key import RemoveKey
from hexaccount.signing_keys.retire_key import RetireKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.testing.adjustable_clock import AdjustableClock

LIFETIME = timedelta(minutes=15)


def add(service: Service, signs_after: float = 10) -> str:
    return service.bus.handle(AddKey(signs_after=timedelta(seconds=signs_after))).kid


def listed(service: Service) -> list[KeyView]:
    return list(service.bus.handle(ListKeys()))


def states(service: Service) -> list[str]:
    return [key.state.value for key in listed(service)]


def test_initially_the_root_key_signs(service: Service) -> None:
    (root_key,) = listed(service)
    assert (root_key.state, root_key.from_settings, root_key.algorithm) == (KeyState.SIGNING, True, "HS256")


def test_a_new_key_waits_until_all_processes_have_read_it(service: Service, clock: AdjustableClock) -> None:
    added = service.bus.handle(AddKey())
    assert added == AddedKey(kid=added.kid, signs_from=clock.now() + SIGNS_AFTER)
    assert states(service) == ["signing", "waiting"]
    clock.advance(seconds=SIGNS_AFTER.total_seconds())
    assert states(service) == ["verifying", "signing"]
    clock.advance(seconds=(LIFETIME + OUTLIVES).total_seconds())
    assert states(service) == ["spent", "signing"]


def test_a_retired_key_verifies_until_its_tokens_expire(service: Service, clock: AdjustableClock) -> None:
    add(service, 0)
    second = add(service, 0)
    service.bus.handle(RetireKey(kid=second))
    (retired,) = (key for key in listed(service) if key.kid == second)
    assert retired.verifies_until == clock.now() + LIFETIME + OUTLIVES
    assert sorted(states(service)) == ["signing", "verifying", "verifying"]
    clock.advance(hours=2)
    assert sorted(states(service)) == ["signing", "spent", "spent"]


def test_the_only_signing_stored_key_cannot_be_retired(service: Service, clock: AdjustableClock) -> None:
    first = add(service, 0)
    waiting = add(service, 60)
    with pytest.raises(KeyRefused, match="no other stored key signs yet; add one"):
        service.bus.handle(RetireKey(kid=first))
    clock.advance(seconds=60)
    service.bus.handle(RetireKey(kid=first))
    with pytest.raises(KeyRefused):
        service.bus.handle(RetireKey(kid=waiting))


def test_a_waiting_key_can_be_retired(service: Service, clock: AdjustableClock) -> None:
    waiting = add(service, 130)
    service.bus.handle(RetireKey(kid=waiting))
    clock.advance(seconds=131)
    assert states(service) == ["signing", "spent"]


@pytest.mark.parametrize("command", [RetireKey, RemoveKey])
def test_the_root_key_and_unknown_keys_are_refused_with_different_errors(
    service: Service, command: type[RetireKey | RemoveKey]
) -> None:
    with pytest.raises(KeyRefused, match=r"the key of the setting jwt\.key"):
        service.bus.handle(command(kid=listed(service)[0].kid))
    with pytest.raises(KeyRefused, match="no signing key with this id"):
        service.bus.handle(command(kid="another"))


def test_a_key_with_valid_tokens_is_not_removed(service: Service, clock: AdjustableClock) -> None:
    first = add(service, 0)
    with pytest.raises(KeyRefused, match="this key signs; retire it"):
        service.bus.handle(RemoveKey(kid=first))
    add(service, 0)
    service.bus.handle(RetireKey(kid=first))
    with pytest.raises(KeyRefused, match=r"may be valid until 2026-01-02T12:19:04\.000Z"):
        service.bus.handle(RemoveKey(kid=first))
    clock.advance(seconds=(LIFETIME + OUTLIVES).total_seconds() - 0.001)
    with pytest.raises(KeyRefused):
        service.bus.handle(RemoveKey(kid=first))
    clock.advance(seconds=0.001)
    service.bus.handle(RemoveKey(kid=first))
    assert first not in [key.kid for key in listed(service)]


def test_a_compromised_key_is_removed_immediately(service: Service) -> None:
    first = add(service, 0)
    service.bus.handle(RemoveKey(kid=first, compromised=True))
    assert len(listed(service)) == 1


def test_a_key_that_cannot_have_signed_is_removed_immediately(service: Service) -> None:
    service.bus.handle(RemoveKey(kid=add(service, 130)))
    with pytest.raises(KeyRefused):
        service.bus.handle(RemoveKey(kid=add(service, 120)))


def test_a_key_encrypted_with_another_root_key_is_unreadable_and_can_be_removed(service: Service) -> None:
    kid = add(service, 0)
    (key,) = SigningKeys(service.store.unit_of_work).all()
    SigningKeys(service.store.unit_of_work).remove(kid)
    SigningKeys(service.store.unit_of_work).add(type(key)(
        kid=kid, algorithm=key.algorithm, sealed=("B" if key.sealed[0] == "A" else "A") + key.sealed[1:],
        created_at=key.created_at, signs_from=key.signs_from,
    ))  # fmt: skip
    assert states(service) == ["signing", "unreadable"]
    service.bus.handle(RemoveKey(kid=kid))
    assert states(service) == ["signing"]


@pytest.mark.parametrize("wrong", [{"algorithm": "none"}, {"algorithm": "HS512"}, {"signs_after": timedelta(-1)}])
def test_an_invalid_key_is_rejected(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AddKey(**wrong)
