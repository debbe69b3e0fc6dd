from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import READ_USERS
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.kernel.bus import MessageBus
from hexaccount.roles.errors import UnknownRole
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.end_sessions import END_SESSIONS
from hexaccount.sessions.list_sessions import READ_SESSIONS
from tests.hexagon.sessions.devices import history, is_live, log_in
from tests.people import registration

SUPPORT, AUDIT = Role("support"), Role("audit")
REGISTRY = RoleRegistry({SUPPORT: [READ_SESSIONS, END_SESSIONS], AUDIT: [READ_USERS]}, all_permissions())

BusWith = Callable[[RoleRegistry], MessageBus]


@pytest.fixture
def another_admin(service: Service) -> None:
    service.bus.handle(registration("prince", role=Role.ADMIN))


@pytest.fixture
def bus_with(service: Service) -> BusWith:
    """Return a function that opens the bus of a process with these roles in its settings, on the same store."""
    container = service.container

    def bus_with(roles: RoleRegistry) -> MessageBus:
        parts = {name: getattr(container, name)() for name in ("store", "tokens", "clock", "hashing_pool")}
        return open_service(service.settings, **parts, roles=roles).bus

    return bus_with


def test_the_default_role_has_no_permissions() -> None:
    assert REGISTRY.permissions_of([]) == REGISTRY.permissions_of([Role.USER]) == frozenset()


def test_an_admin_has_all_permissions() -> None:
    assert REGISTRY.permissions_of([Role.ADMIN]) == all_permissions()


def test_several_roles_combine_their_permissions() -> None:
    assert REGISTRY.permissions_of([SUPPORT]) == {READ_SESSIONS, END_SESSIONS}
    assert REGISTRY.permissions_of([SUPPORT, AUDIT]) == all_permissions()


def test_an_unconfigured_role_has_no_permissions() -> None:
    assert REGISTRY.permissions_of([Role("gone")]) == frozenset()
    assert REGISTRY.permissions_of([Role("gone"), AUDIT]) == {READ_USERS}


def test_roles_are_listed_in_a_fixed_order() -> None:
    assert REGISTRY.names == ["user", "admin", "audit", "support"]


@pytest.mark.usefixtures("another_admin")
def test_a_granted_role_applies_to_existing_tokens_from_the_next_request(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    bus = bus_with(REGISTRY)
    tokens = log_in(service)

    def principal() -> Principal:
        return bus.handle(Authenticate(token=tokens.token))

    assert principal().permissions == frozenset()
    bus.handle(GrantRole(user_id=juliet, role=AUDIT))
    assert (principal().permissions, principal().user.roles) == ({READ_USERS}, ["user", "audit"])
    bus.handle(GrantRole(user_id=juliet, role=Role.ADMIN))
    assert (principal().permissions, principal().user.roles) == (all_permissions(), ["user", "admin", "audit"])
    for role in (Role.ADMIN, AUDIT):
        bus.handle(RevokeRole(user_id=juliet, role=role))
    assert (principal().permissions, principal().user.roles) == (frozenset(), ["user"])


@pytest.mark.usefixtures("another_admin")
def test_a_changed_role_ends_no_session(service: Service, juliet: UUID) -> None:
    tokens = log_in(service)
    for message in (GrantRole, RevokeRole):
        service.bus.handle(message(user_id=juliet, role=Role.ADMIN))
    assert is_live(service, tokens)


@pytest.mark.usefixtures("another_admin")
def test_granting_and_revoking_are_idempotent(service: Service, juliet: UUID) -> None:
    for message in (GrantRole, GrantRole, RevokeRole, RevokeRole):
        service.bus.handle(message(user_id=juliet, role=Role.ADMIN))
    assert history(service, "user", juliet) == ["registered", "role_granted", "role_revoked"]


@pytest.mark.usefixtures("another_admin")
def test_a_role_granted_at_registration_can_be_revoked(service: Service) -> None:
    root = service.bus.handle(registration("root", role=Role.ADMIN))
    service.bus.handle(RevokeRole(user_id=root, role=Role.ADMIN))
    assert service.bus.handle(GetUser(reference="root")).roles == ["user"]


def test_a_configured_role_may_be_granted_at_registration(juliet: UUID, bus_with: BusWith) -> None:
    bus = bus_with(REGISTRY)
    bus.handle(registration("nurse", role=SUPPORT))
    assert bus.handle(GetUser(reference="nurse")).roles == ["user", "support"]


def test_an_unknown_role_is_refused_with_the_known_ones(juliet: UUID, bus_with: BusWith) -> None:
    bus = bus_with(REGISTRY)
    for command in (
        GrantRole(user_id=juliet, role=Role("admim")),
        GrantRole(user_id=uuid4(), role=Role("admim")),
        RevokeRole(user_id=juliet, role=Role("admim")),
        registration("nurse", role=Role("admim")),
    ):
        with pytest.raises(UnknownRole, match=r"^there is no such role; there are user, admin, audit, support$"):
            bus.handle(command)
    assert bus.handle(GetUser(reference="juliet")).roles == ["user"]


def test_a_role_removed_from_the_settings_has_no_permissions_and_can_be_revoked(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    before, after = bus_with(REGISTRY), bus_with(RoleRegistry({}))
    before.handle(GrantRole(user_id=juliet, role=AUDIT))
    tokens = log_in(service)
    principal = after.handle(Authenticate(token=tokens.token))
    assert (principal.permissions, principal.user.roles) == (frozenset(), ["user", "audit"])
    with pytest.raises(UnknownRole):
        after.handle(GrantRole(user_id=juliet, role=SUPPORT))
    after.handle(RevokeRole(user_id=juliet, role=AUDIT))
    assert after.handle(GetUser(reference="juliet")).roles == ["user"]


def test_a_role_restored_in_the_settings_has_its_new_permissions(
    service: Service, juliet: UUID, bus_with: BusWith
) -> None:
    bus_with(REGISTRY).handle(GrantRole(user_id=juliet, role=AUDIT))
    tokens = log_in(service)
    changed = bus_with(RoleRegistry({AUDIT: [READ_SESSIONS]}))
    assert changed.handle(Authenticate(token=tokens.token)).permissions == {READ_SESSIONS}


@pytest.mark.parametrize("message", [GrantRole, RevokeRole])
def test_roles_of_an_unknown_user_cannot_be_changed(service: Service, message: type[GrantRole | RevokeRole]) -> None:
    with pytest.raises(UserNotFound):
        service.bus.handle(message(user_id=uuid4(), role=Role.ADMIN))
