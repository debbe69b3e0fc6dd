from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import LastAdmin
from hexaccount.accounts.role import Role
from hexaccount.conformance.suites.message_buses import registration
from hexaccount.conformance.suites.races import RacingThreads, check_one_winner, outcome, race
from hexaccount.conformance.suites.transactions import all_users
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.store_kit.store import Store

_ENDS: dict[str, Callable[[UUID], Command[None]]] = {
    "disable": lambda user_id: DisableUser(user_id=user_id),
    "revoke": lambda user_id: RevokeRole(user_id=user_id, role=Role.ADMIN),
}


class AdminRacesContract(TwoBusesContract):
    """An enabled account with the role admin is always left, however many admins act against each other."""

    @pytest.mark.parametrize(("one", "other"), [("disable", "disable"), ("revoke", "revoke"), ("disable", "revoke")])
    def test_of_two_admins_who_remove_each_other_one_is_left(
        self, store: Store, buses: list[MessageBus], one: str, other: str
    ) -> None:
        admins = [_admin(buses[0], name) for name in ("juliet", "romeo")]
        with RacingThreads(2) as threads:
            for _ in range(20):
                removals = [_ENDS[one](admins[0]), _ENDS[other](admins[1])]
                calls = [partial(_send, bus, removal) for bus, removal in zip(buses, removals, strict=True)]
                check_one_winner(threads.race(calls), LastAdmin)
                assert len(_enabled_admins(store)) == 1
                for user_id in admins:
                    buses[0].handle(EnableUser(user_id=user_id))
                    buses[1].handle(GrantRole(user_id=user_id, role=Role.ADMIN))

    def test_of_many_admins_who_remove_each_other_one_is_left(self, store: Store, buses: list[MessageBus]) -> None:
        admins = [_admin(buses[0], f"admin{number}") for number in range(6)]
        removals = [list(_ENDS.values())[number % 2](user_id) for number, user_id in enumerate(admins)]
        outcomes = race(*(partial(_send, buses[number % 2], each) for number, each in enumerate(removals)))
        assert sorted(outcomes) == ["LastAdmin", *["done"] * 5]
        assert [admins[outcomes.index("LastAdmin")]] == _enabled_admins(store)

    def test_admins_who_register_at_once_are_all_counted(self, store: Store, buses: list[MessageBus]) -> None:
        admins = race(*(partial(_admin, buses[number % 2], f"admin{number}") for number in range(4)))
        outcomes = [_send(buses[0], DisableUser(user_id=user_id)) for user_id in admins]
        assert outcomes == ["done", "done", "done", "LastAdmin"]
        assert _enabled_admins(store) == [admins[-1]]


def _admin(bus: MessageBus, name: str) -> UUID:
    return bus.handle(registration(name, role=Role.ADMIN))


def _send(bus: MessageBus, command: Command[None]) -> str:
    return outcome(partial(bus.handle, command), LastAdmin)


def _enabled_admins(store: Store) -> list[UUID]:
    return [user.id for user in all_users(store) if user.is_enabled_admin]
