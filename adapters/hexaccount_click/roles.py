from contextlib import suppress
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from hexaccount.accounts.role import Role
from hexaccount.accounts.views import UserView
from hexaccount.kernel.errors import InvalidValue
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount_click.actor import reason_option
from hexaccount_click.options import configured_program
from hexaccount_click.output import print_result
from hexaccount_click.program import ConfigurationError
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus


class RoleType(click.ParamType[Role]):
    """The name of a role; the handler refuses a role that the settings do not define."""

    name = "role"

    def convert(self, value: str | Role, param: click.Parameter | None, ctx: click.Context | None) -> Role:
        """Return the role; raises BadParameter for text that cannot be the name of a role."""
        try:
            return value if isinstance(value, Role) else Role(value)
        except InvalidValue as refusal:
            self.fail(f"it {refusal.reason}", param, ctx)

    def shell_complete(self, ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the roles that begin with the text; none if the settings are invalid."""
        with ctx, suppress(ConfigurationError):
            return [CompletionItem(role) for role in configured_program().roles() if role.startswith(incomplete)]
        return []


@click.command()
@pass_user
@click.argument("role", type=RoleType())
@reason_option
def grant(bus: "MessageBus", user: UserView, *, role: Role) -> None:
    """Grant a role to an account, from its next request on."""
    bus.handle(GrantRole(user_id=user.id, role=role))
    print_result(f"{printable(user.user_name)} has the role {role.name}.")


def _refuse_basic_role(context: click.Context, _: click.Parameter, role: Role) -> Role:
    if role == Role.USER:
        raise click.UsageError(
            "use `hexaccount users disable` to lock an account; the role user cannot be revoked", context
        )
    return role


@click.command()
@pass_user
@click.argument("role", type=RoleType(), callback=_refuse_basic_role)
@reason_option
def revoke(bus: "MessageBus", user: UserView, *, role: Role) -> None:
    """Revoke a role from an account, from its next request on."""
    bus.handle(RevokeRole(user_id=user.id, role=role))
    print_result(f"{printable(user.user_name)} does not have the role {role.name}.")
