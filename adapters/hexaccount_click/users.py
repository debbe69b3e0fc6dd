from dataclasses import asdict
from uuid import UUID

import click

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import ListUsers
from hexaccount.accounts.role import Role
from hexaccount.accounts.views import UserView
from hexaccount.kernel.clock import format_time
from hexaccount.registration.register_user import RegisterUser
from hexaccount_click.options import RoleType, json_option, limit_option, name_next_page, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.password import NoStrayPassword, ask_for_password, read_password
from hexaccount_click.program import Program
from hexaccount_click.table import align, printable
from hexaccount_click.user_rights import grant, revoke, set_password
from hexaccount_click.user_sessions import logout, logout_all, sessions

_HEADINGS = ("ID", "USER NAME", "E-MAIL", "NAME", "ROLES", "STATE", "REGISTERED")


@click.group()
def users() -> None:
    """Register and list accounts, and look after what they may do and their sessions.

    REF names an account by its id, user name or e-mail address.
    """


users.add_command(sessions)
users.add_command(logout)
users.add_command(logout_all)
users.add_command(set_password)
users.add_command(grant)
users.add_command(revoke)


@users.command(cls=NoStrayPassword)
@click.option("--user-name", required=True, help="The name to log in with.")
@click.option("--email", required=True, help="The e-mail address.")
@click.option("--first-name", required=True, help="The first name.")
@click.option("--last-name", required=True, help="The last name.")
@click.option(
    "--role",
    type=RoleType(),
    default=Role.USER.name,
    show_default=True,
    help="What the account may do.",
)
@click.option("--avatar-identifier", help="What the picture is drawn from; otherwise the id.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
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
    """Open an account and print its id; the password is asked for."""
    bus = program.bus()
    command = RegisterUser.of_text(
        user_name=user_name,
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=read_password() if password_stdin else ask_for_password(),
        avatar_identifier=avatar_identifier,
        role=role,
    )
    user_id = bus.handle(command)
    if as_json:
        say_json({"data": {"id": user_id}})
    else:
        say(str(user_id))


@users.command("list")
@limit_option
@click.option("--after", type=click.UUID, metavar="ID", help="Begin after the account with this id.")
@json_option
@pass_program
def list_users(program: Program, *, limit: int, after: UUID | None, as_json: bool) -> None:
    """List accounts in the order of their registration."""
    page = program.bus().handle(ListUsers(limit=limit, after=after))
    if as_json:
        say_json({"data": [_document(user) for user in page.users], "page": {"next": page.next}})
        return
    if page.users:
        say("\n".join(align([_HEADINGS, *map(_row, page.users)])))
    else:
        note("There are no accounts here.")
    if page.next:
        name_next_page(limit=limit, after=page.next)


@users.command()
@click.argument("reference", metavar="REF")
@json_option
@pass_program
def show(program: Program, *, reference: str, as_json: bool) -> None:
    """Show one account."""
    user = program.bus().handle(GetUser(reference=reference))
    if as_json:
        say_json({"data": _document(user)})
    else:
        names = (*_HEADINGS, "AVATAR")
        say("\n".join(align(list(zip(names, (*_row(user), user.avatar_identifier), strict=True)))))


@users.command()
@click.argument("reference", metavar="REF")
@pass_program
def disable(program: Program, *, reference: str) -> None:
    """Lock an account and end all its sessions."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    bus.handle(DisableUser(user_id=user.id))
    say(f"{printable(user.user_name)} is disabled, and logged out everywhere.")


@users.command()
@click.argument("reference", metavar="REF")
@pass_program
def enable(program: Program, *, reference: str) -> None:
    """Unlock a disabled account."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    bus.handle(EnableUser(user_id=user.id))
    say(f"{printable(user.user_name)} is enabled and may log in.")


def _document(user: UserView) -> dict[str, object]:
    """Return an account as programs see it; the version is for those who write what they have read."""
    return {name: value for name, value in asdict(user).items() if name != "version"}


def _row(user: UserView) -> tuple[str, ...]:
    return (
        str(user.id),
        user.user_name,
        user.email,
        f"{user.first_name} {user.last_name}",
        ", ".join(user.roles),
        "disabled" if user.disabled else "enabled",
        format_time(user.registered_at),
    )
