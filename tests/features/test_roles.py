from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.role import Role
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.permission import Permission
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from tests.features.world import World, facts

scenarios("../../features/roles.feature")

DEEDS = {
    "look at the users": Permission.READ_USERS,
    "look at the sessions of others": Permission.READ_SESSIONS,
    "end the sessions of others": Permission.END_SESSIONS,
}
DEED = "|".join(DEEDS)


def permissions(world: World, device: str) -> frozenset[Permission]:
    return world.handle(Authenticate(token=world.devices[device].token)).permissions


@given(parsers.parse('"{name}" has been granted the role "{role}"'))
@when(parsers.parse('"{name}" is granted the role "{role}"'))
def _(world: World, name: str, role: str) -> None:
    world.attempt(lambda: world.handle(GrantRole(user_id=world.people[name], role=Role(role))))


@when(parsers.parse('the role "{role}" is revoked from "{name}"'))
def _(world: World, name: str, role: str) -> None:
    world.attempt(lambda: world.handle(RevokeRole(user_id=world.people[name], role=Role(role))))


@then(parsers.parse('"{name}" has the roles: {roles}'))
def _(world: World, name: str, roles: str) -> None:
    assert ", ".join(world.handle(GetUser(reference=name)).roles) == roles


@then(parsers.re(rf"the (?P<device>\w+) may (?P<deed>{DEED})$"))
def _(world: World, device: str, deed: str) -> None:
    assert DEEDS[deed] in permissions(world, device)


@then(parsers.re(rf"the (?P<device>\w+) may not (?P<deed>{DEED})$"))
def _(world: World, device: str, deed: str) -> None:
    assert DEEDS[deed] not in permissions(world, device)


@then(parsers.parse("the {device} may do nothing to others"))
def _(world: World, device: str) -> None:
    assert permissions(world, device) == frozenset()


@then(parsers.parse('the history of the user "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.journal("user", world.people[name])) == history
