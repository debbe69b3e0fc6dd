"""An enabled account with the role admin is always left, once there was one."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import LastAdmin
from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.races import check_one_winner, outcome, race
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.erasure.repeat_erasures import RepeatErasures
from hexaccount.kernel.messages import Command
from hexaccount.personal_data.erasures import Erasure
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from tests.people import register

_ENDS: dict[str, Callable[[UUID], Command[None]]] = {
    "disabling": lambda user_id: DisableUser(user_id=user_id),
    "revoking": lambda user_id: RevokeRole(user_id=user_id, role=Role.ADMIN),
    "erasing": lambda user_id: EraseUser(user_id=user_id),
}
ends = pytest.mark.parametrize("end", _ENDS.values(), ids=list(_ENDS))


def grant(service: Service, user_id: UUID) -> None:
    service.bus.handle(GrantRole(user_id=user_id, role=Role.ADMIN))


def enabled_admins(service: Service) -> list[UUID]:
    with service.store.unit_of_work() as uow:
        return [user.id for user in Users(uow).page(limit=100, after=None) if user.is_enabled_admin]


@ends
def test_the_last_admin_stays(service: Service, juliet: UUID, end: Callable[[UUID], Command[None]]) -> None:
    grant(service, juliet)
    with pytest.raises(LastAdmin):
        service.bus.handle(end(juliet))
    assert enabled_admins(service) == [juliet]


@ends
def test_an_admin_may_go_while_another_is_left(
    service: Service, juliet: UUID, end: Callable[[UUID], Command[None]]
) -> None:
    root = register(service.bus, "root", role=Role.ADMIN)
    grant(service, juliet)
    service.bus.handle(end(root))
    with pytest.raises(LastAdmin):
        service.bus.handle(end(juliet))
    assert enabled_admins(service) == [juliet]


@ends
@pytest.mark.parametrize("back", ["enabling", "granting"])
def test_an_admin_who_is_disabled_or_was_one_does_not_count_and_one_who_is_back_does(
    service: Service, juliet: UUID, end: Callable[[UUID], Command[None]], back: str
) -> None:
    root = register(service.bus, "root", role=Role.ADMIN)
    grant(service, juliet)
    service.bus.handle(_ENDS["disabling" if back == "enabling" else "revoking"](root))
    with pytest.raises(LastAdmin):
        service.bus.handle(end(juliet))
    service.bus.handle(EnableUser(user_id=root))
    grant(service, root)
    service.bus.handle(end(juliet))
    assert enabled_admins(service) == [root]


@ends
def test_other_accounts_are_no_admins(service: Service, juliet: UUID, end: Callable[[UUID], Command[None]]) -> None:
    service.bus.handle(end(juliet))
    assert enabled_admins(service) == []


def test_a_disabled_admin_may_lose_the_role_or_be_erased(service: Service, juliet: UUID) -> None:
    root = register(service.bus, "root", role=Role.ADMIN)
    grant(service, juliet)
    service.bus.handle(DisableUser(user_id=juliet))
    service.bus.handle(RevokeRole(user_id=juliet, role=Role.ADMIN))
    service.bus.handle(EraseUser(user_id=juliet))
    assert enabled_admins(service) == [root]


def test_an_erasure_is_repeated_after_a_restore_though_it_takes_the_last_admin(service: Service, juliet: UUID) -> None:
    grant(service, juliet)
    erasure = Erasure(account_id=juliet, erased_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert service.bus.handle(RepeatErasures(erasures=[erasure])) == 1
    assert enabled_admins(service) == []
    register(service.bus, "root", role=Role.ADMIN)


@ends
def test_of_two_admins_of_whom_one_erases_the_other_one_is_left(
    service: Service, end: Callable[[UUID], Command[None]]
) -> None:
    for number in range(10):
        admins = [register(service.bus, f"{name}{number}", role=Role.ADMIN) for name in ("juliet", "romeo")]
        for user_id in set(enabled_admins(service)) - set(admins):
            service.bus.handle(EraseUser(user_id=user_id))
        calls = [partial(service.bus.handle, each) for each in (EraseUser(user_id=admins[0]), end(admins[1]))]
        check_one_winner(race(*(partial(outcome, call, LastAdmin) for call in calls)), LastAdmin)
        assert len(enabled_admins(service)) == 1


def test_a_role_that_is_granted_in_vain_does_not_list_an_account_that_is_disabled_meanwhile(
    service: Service, juliet: UUID
) -> None:
    """Otherwise the list would name an account that no longer counts."""
    for user_id in (juliet, register(service.bus, "root", role=Role.ADMIN)):
        grant(service, user_id)
        grant(service, user_id)
    service.bus.handle(DisableUser(user_id=juliet))
    grant(service, juliet)
    with pytest.raises(LastAdmin):
        service.bus.handle(DisableUser(user_id=enabled_admins(service)[0]))
