from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

import click

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.list_users import ListUsers
from hexaccount.accounts.role import Role
from hexaccount.accounts.views import UserView
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.observability.account_hashes import GetAccountHash
from hexaccount.registration.register_user import RegisterUser
from hexaccount_click.actor import reason_option
from hexaccount_click.options import json_option, pass_program, wide_option, yes_option
from hexaccount_click.output import Columns, cells, print_json, print_result, print_table
from hexaccount_click.paging import limit_option, print_page
from hexaccount_click.passwords import set_password
from hexaccount_click.program import Program
from hexaccount_click.prompts import PasswordCommand, confirm, get_password, password_stdin_option
from hexaccount_click.recovery import recover
from hexaccount_click.roles import RoleType, grant, revoke
from hexaccount_click.sessions import logout, logout_all, sessions
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus

_COLUMNS: Columns[UserView] = {
    "ID": lambda user: user.id,
    "USER NAME": lambda user: user.user_name,
    "E-MAIL": lambda user: user.email,
    "NAME": lambda user: f"{user.first_name} {user.last_name}",
    "ROLES": lambda user: ", ".join(user.roles),
    "STATE": lambda user: "disabled" if user.disabled else "enabled",
    "REGISTERED": lambda user: user.registered_at,
}


@click.group()
def users() -> None:
    """Register, list and administer accounts, their roles and sessions.

    REF names an account by its id, user name or e-mail address.
    """


for command in (sessions, logout, logout_all, recover, set_password, grant, revoke):
    users.add_command(command)


@users.command(cls=PasswordCommand)
@click.option("--user-name", required=True, help="The name to log in with.")
@click.option("--email", required=True, help="The e-mail address.")
@click.option("--first-name", required=True, help="The first name.")
@click.option("--last-name", required=True, help="The last name.")
@click.option("--role", type=RoleType(), default=Role.USER.name, show_default=True, help="What the account may do.")
@click.option("--avatar-identifier", help="What the avatar is drawn from [default: the id].")
@password_stdin_option
@reason_option
@json_option
@pass_program
def register(
    program: Program,
    *,
    user_name: str,
    email: str,
    first_name: str,
    last_name: str,
    role: Role,
    avatar_identifier: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Create an account and print its id. Prompts for the password."""
    bus = program.bus()
    command = RegisterUser.of_text(
        user_name=user_name,
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=get_password(from_stdin=password_stdin),
        avatar_identifier=avatar_identifier,
        role=role,
    )
    user_id = bus.handle(command)
    if as_json:
        print_json({"data": {"id": user_id}})
    else:
        print_result(str(user_id))


@users.command("list")
@limit_option
@click.option("--after", type=click.UUID, metavar="ID", help="Begin after the account with this id.")
@wide_option
@json_option
@pass_program
def list_users(program: Program, *, limit: int, after: UUID | None, wide: bool, as_json: bool) -> None:
    """List accounts in the order of their registration."""
    page = program.bus().handle(ListUsers(limit=limit, after=after))
    empty = "There are no accounts."
    print_page(page.users, page.next, _COLUMNS, as_json=as_json, wide=wide, document=_document, empty=empty)


@users.command()
@pass_user
@json_option
def show(_bus: "MessageBus", user: UserView, *, as_json: bool) -> None:
    """Show one account."""
    if as_json:
        print_json({"data": _document(user)})
    else:
        columns = {
            **_COLUMNS,
            "E-MAIL": lambda user: user.email if user.email_verified else f"{user.email} (not verified)",
            "AVATAR": lambda user: user.avatar_identifier,
        }
        print_table(list(zip(columns, cells(user, columns), strict=True)))


@users.command("log-hash")
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@pass_program
def log_hash(program: Program, *, references: tuple[str, ...]) -> None:
    """Print the hashes by which the security log refers to ids, user names and e-mail addresses.

    Each of the three has its own, and no account needs to have it.
    """
    bus = program.bus()
    for reference in references:
        print_result(f"{bus.handle(GetAccountHash(reference=reference))}  {printable(reference)}")


@users.command()
@pass_user
@reason_option
def disable(bus: "MessageBus", user: UserView) -> None:
    """Lock an account and end all its sessions."""
    bus.handle(DisableUser(user_id=user.id))
    print_result(f"{printable(user.user_name)} is disabled, and logged out everywhere.")


@users.command()
@pass_user
@reason_option
def enable(bus: "MessageBus", user: UserView) -> None:
    """Unlock a disabled account."""
    bus.handle(EnableUser(user_id=user.id))
    print_result(f"{printable(user.user_name)} is enabled and may log in.")


@users.command()
@pass_user
@yes_option
@reason_option
def erase(bus: "MessageBus", user: UserView, *, yes: bool) -> None:
    """Erase an account for good: user, profile, and what is personal in its events and sessions."""
    name = printable(user.user_name)
    if not yes:
        confirm(f"Erase {name} for good?")
    bus.handle(EraseUser(user_id=user.id))
    print_result(f"{name} is erased.")


def _document(user: UserView) -> dict[str, object]:
    """Return an account in the shape of the HTTP API, which has the version in a header."""
    return {name: value for name, value in asdict(user).items() if name != "version"}
