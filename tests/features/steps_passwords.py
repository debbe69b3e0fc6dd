from pytest_bdd import parsers, when

from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.set_password import SetPassword
from tests.features.context import PASSWORD, BddContext


def change_password(bdd_context: BddContext, device: str, *, current: str, new: str) -> None:
    session_id = bdd_context.devices[device].session_id
    command = ChangePassword.of_text(session_id=session_id, current=current, new=new)
    bdd_context.devices[device] = bdd_context.handle(command)


@when(parsers.parse('"{name}" changes the password to "{password}" on the {device}'))
def _(bdd_context: BddContext, name: str, password: str, device: str) -> None:
    bdd_context.attempt(lambda: change_password(bdd_context, device, current=PASSWORD, new=password))


@when(parsers.parse('"{name}" changes the password with a wrong current password on the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    bdd_context.attempt(lambda: change_password(bdd_context, device, current="not this one", new="a balcony at night"))


@when(parsers.parse('an admin sets the password of "{name}" to "{password}"'))
def _(bdd_context: BddContext, name: str, password: str) -> None:
    bdd_context.handle(SetPassword.of_text(user_id=bdd_context.user_ids[name], password=password))


@when(parsers.parse('"{name}" logs in with the password "{password}"'))
def _(bdd_context: BddContext, name: str, password: str) -> None:
    bdd_context.attempt(lambda: bdd_context.log_in(name, password))


@when(parsers.parse('"{name}" logs in with the password "{password}" on the {device}'))
def _(bdd_context: BddContext, name: str, password: str, device: str) -> None:
    bdd_context.devices[device] = bdd_context.log_in(name, password)
