import click

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.role import Role
from hexaccount.passwords.set_password import SetPassword
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount_click.options import RoleType, pass_program
from hexaccount_click.output import say
from hexaccount_click.password import NoStrayPassword, ask_for_password, read_password
from hexaccount_click.program import Program
from hexaccount_click.table import printable


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("role", type=RoleType())
@pass_program
def grant(program: Program, *, reference: str, role: Role) -> None:
    """Give an account a role; it holds from the next request on."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    bus.handle(GrantRole(user_id=user.id, role=role))
    say(f"{printable(user.user_name)} has the role {role.name}.")


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("role", type=RoleType())
@pass_program
def revoke(program: Program, *, reference: str, role: Role) -> None:
    """Take a role from an account; it holds from the next request on."""
    if role == Role.USER:
        raise click.UsageError("the role user cannot be taken away; to lock an account: hexaccount users disable")
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    bus.handle(RevokeRole(user_id=user.id, role=role))
    say(f"{printable(user.user_name)} does not have the role {role.name}.")


@click.command("set-password", cls=NoStrayPassword)
@click.argument("reference", metavar="REF")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@pass_program
def set_password(program: Program, *, reference: str, password_stdin: bool) -> None:
    """Give an account a new password, which is asked for, and end all its sessions."""
    bus = program.bus()
    user = bus.handle(GetUser(reference=reference))
    password = read_password() if password_stdin else ask_for_password()
    bus.handle(SetPassword.of_text(user_id=user.id, password=password))
    say(f"{printable(user.user_name)} has a new password, and is logged out everywhere.")
