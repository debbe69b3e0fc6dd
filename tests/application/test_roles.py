from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.kernel.bus import Bus
from hexaccount.roles.errors import UnknownRole
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.permission import Permission
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.authenticate import Authenticate, Principal
from tests.application.devices import history, is_alive, log_in
from tests.application.people import registration

SUPPORT, AUDIT = Role("support"), Role("audit")
BOOK = RoleRegistry({SUPPORT: [Permission.READ_SESSIONS, Permission.END_SESSIONS], AUDIT: [Permission.READ_USERS]})

BusWith = Callable[[RoleRegistry], Bus]


@pytest.fixture
def bus_with(service: Service) -> BusWith:
    """Give a function that gives the bus of a process with these roles in its settings, on the same store."""
    container = service.container

    def bus_with(roles: RoleRegistry) -> Bus:
        parts = {name: getattr(container, name)() for name in ("store", "tokens", "clock", "executor", "lane")}
        return open_service(service.settings, **parts, roles=roles).bus

    return bus_with


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


def test_everybody_may_look_after_themselves_and_do_nothing_to_others() -> None:
    assert BOOK.permissions_of([]) == BOOK.permissions_of([Role.USER]) == frozenset()


def test_an_admin_may_do_everything_there_is() -> None:
    assert BOOK.permissions_of([Role.ADMIN]) == RoleRegistry({}).permissions_of([Role.ADMIN]) == set(Permission)


def test_roles_allow_together_what_each_allows() -> None:
    assert BOOK.permissions_of([SUPPORT]) == {Permission.READ_SESSIONS, Permission.END_SESSIONS}
    assert BOOK.permissions_of([SUPPORT, AUDIT]) == set(Permission)


def test_a_role_that_the_settings_do_not_know_allows_nothing() -> None:
    assert BOOK.permissions_of([Role("gone")]) == frozenset()
    assert BOOK.permissions_of([Role("gone"), AUDIT]) == {Permission.READ_USERS}


def test_the_roles_there_are_are_told_in_a_known_order() -> None:
    assert BOOK.names == ["user", "admin", "audit", "support"]


def test_a_role_holds_from_the_next_request_on_with_the_token_that_is_there(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    bus = bus_with(BOOK)
    access = log_in(service)

    def principal() -> Principal:
        return bus.handle(Authenticate(token=access.token))

    assert principal().permissions == frozenset()
    bus.handle(GrantRole(user_id=juliet, role=AUDIT))
    assert (principal().permissions, principal().user.roles) == ({Permission.READ_USERS}, ["user", "audit"])
    bus.handle(GrantRole(user_id=juliet, role=Role.ADMIN))
    assert (principal().permissions, principal().user.roles) == (set(Permission), ["user", "admin", "audit"])
    for role in (Role.ADMIN, AUDIT):
        bus.handle(RevokeRole(user_id=juliet, role=role))
    assert (principal().permissions, principal().user.roles) == (frozenset(), ["user"])


def test_a_changed_role_ends_no_session(service: Service, juliet: UUID) -> None:
    access = log_in(service)
    for message in (GrantRole, RevokeRole):
        service.bus.handle(message(user_id=juliet, role=Role.ADMIN))
    assert is_alive(service, access)


def test_a_role_is_granted_and_revoked_once_however_often_it_is_asked(service: Service, juliet: UUID) -> None:
    for message in (GrantRole, GrantRole, RevokeRole, RevokeRole):
        service.bus.handle(message(user_id=juliet, role=Role.ADMIN))
    assert history(service, "user", juliet) == ["registered", "role_granted", "role_revoked"]


def test_a_role_that_was_given_at_registration_can_be_revoked(service: Service) -> None:
    root = service.bus.handle(registration("root", role=Role.ADMIN))
    service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
    assert service.bus.handle(GetUser(reference="root")).roles == ["user"]


def test_a_role_of_the_settings_may_be_given_at_registration(juliet: UUID, bus_with: BusWith) -> None:
    bus = bus_with(BOOK)
    bus.handle(registration("nurse", role=SUPPORT))
    assert bus.handle(GetUser(reference="nurse")).roles == ["user", "support"]


def test_a_role_that_there_is_not_is_refused_with_those_there_are(juliet: UUID, bus_with: BusWith) -> None:
    bus = bus_with(BOOK)
    for command in (
        GrantRole(user_id=juliet, role=Role("admim")),
        GrantRole(user_id=uuid4(), role=Role("admim")),
        RevokeRole(user_id=juliet, role=Role("admim")),
        registration("nurse", role=Role("admim")),
    ):
        with pytest.raises(UnknownRole, match=r"^there is no such role; there are user, admin, audit, support$"):
            bus.handle(command)
    assert bus.handle(GetUser(reference="juliet")).roles == ["user"]


def test_a_role_that_was_taken_out_of_the_settings_allows_nothing_and_can_still_be_revoked(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    before, after = bus_with(BOOK), bus_with(RoleRegistry({}))
    before.handle(GrantRole(user_id=juliet, role=AUDIT))
    access = log_in(service)
    principal = after.handle(Authenticate(token=access.token))
    assert (principal.permissions, principal.user.roles) == (frozenset(), ["user", "audit"])
    with pytest.raises(UnknownRole):
        after.handle(GrantRole(user_id=juliet, role=SUPPORT))
    after.handle(RevokeRole(user_id=juliet, role=AUDIT))
    assert after.handle(GetUser(reference="juliet")).roles == ["user"]


def test_a_role_that_comes_back_into_the_settings_allows_what_it_says_then(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    bus_with(BOOK).handle(GrantRole(user_id=juliet, role=AUDIT))
    access = log_in(service)
    changed = bus_with(RoleRegistry({AUDIT: [Permission.READ_SESSIONS]}))
    assert changed.handle(Authenticate(token=access.token)).permissions == {Permission.READ_SESSIONS}


@pytest.mark.parametrize("message", [GrantRole, RevokeRole])
def test_nobody_who_is_not_there_has_a_role(service: Service, message: type[GrantRole | RevokeRole]) -> None:
    with pytest.raises(UserNotFound):
        service.bus.handle(message(user_id=uuid4(), role=Role.ADMIN))
