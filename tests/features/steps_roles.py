from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import READ_USERS
from hexaccount.accounts.role import Role
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_sessions import END_SESSIONS
from hexaccount.sessions.list_sessions import READ_SESSIONS
from tests.features.context import BddContext

PERMISSIONS = {
    "list users": READ_USERS,
    "list the sessions of other users": READ_SESSIONS,
    "end the sessions of other users": END_SESSIONS,
}
ACTION = "|".join(PERMISSIONS)


def permissions(bdd_context: BddContext, device: str) -> frozenset[str]:
    return bdd_context.handle(Authenticate(token=bdd_context.devices[device].token)).permissions


@given(parsers.parse('"{name}" has been granted the role "{role}"'))
@when(parsers.parse('"{name}" is granted the role "{role}"'))
def _(bdd_context: BddContext, name: str, role: str) -> None:
    command = GrantRole(user_id=bdd_context.user_ids[name], role=Role(role))
    bdd_context.attempt(lambda: bdd_context.handle(command))


@when(parsers.parse('the role "{role}" is revoked from "{name}"'))
def _(bdd_context: BddContext, name: str, role: str) -> None:
    command = RevokeRole(user_id=bdd_context.user_ids[name], role=Role(role))
    bdd_context.attempt(lambda: bdd_context.handle(command))


@then(parsers.parse('"{name}" has the roles: {roles}'))
def _(bdd_context: BddContext, name: str, roles: str) -> None:
    assert ", ".join(bdd_context.handle(GetUser(reference=name)).roles) == roles


@then(parsers.re(rf"the (?P<device>\w+) may (?P<action>{ACTION})"))
def _(bdd_context: BddContext, device: str, action: str) -> None:
    assert PERMISSIONS[action] in permissions(bdd_context, device)


@then(parsers.re(rf"the (?P<device>\w+) may not (?P<action>{ACTION})"))
def _(bdd_context: BddContext, device: str, action: str) -> None:
    assert PERMISSIONS[action] not in permissions(bdd_context, device)


@then(parsers.parse("the {device} has no permissions"))
def _(bdd_context: BddContext, device: str) -> None:
    assert permissions(bdd_context, device) == frozenset()
