from pytest_bdd import parsers, scenarios, then, when

from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.set_password import SetPassword
from tests.features.world import PASSWORD, World, facts

scenarios("../../features/password.feature")


def change(world: World, device: str, current: str, new: str) -> None:
    session_id = world.devices[device].session_id
    world.attempt(lambda: world.handle(ChangePassword.of_text(session_id=session_id, current=current, new=new)))


@when(parsers.parse('"{name}" changes their password to "{password}" on the {device}'))
def _(world: World, name: str, password: str, device: str) -> None:
    change(world, device, PASSWORD, password)


@when(parsers.parse("somebody at the {device} changes the password without knowing it"))
def _(world: World, device: str) -> None:
    change(world, device, "not this one", "a balcony at night")


@when(parsers.parse('an admin sets the password of "{name}" to "{password}"'))
def _(world: World, name: str, password: str) -> None:
    world.handle(SetPassword.of_text(user_id=world.people[name], password=password))


@when(parsers.parse('somebody logs in as "{name}" with the password that they had before'))
def _(world: World, name: str) -> None:
    world.attempt(lambda: world.log_in(name))


@when(parsers.parse('somebody logs in as "{name}" with the password "{password}"'))
def _(world: World, name: str, password: str) -> None:
    world.attempt(lambda: world.log_in(name, password))


@when(parsers.parse('"{name}" enters "{password}" to log in on the {device}'))
def _(world: World, name: str, password: str, device: str) -> None:
    world.devices[device] = world.log_in(name, password)


@then(parsers.parse('the history of the user "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.journal("user", world.people[name])) == history


@then(parsers.parse('the world has been told of the user "{name}": {told}'))
def _(world: World, name: str, told: str) -> None:
    assert facts(world.outside.told_of("user", world.people[name])) == told


@then(parsers.parse('the world has not been told "{secret}"'))
def _(world: World, secret: str) -> None:
    told = repr(world.outside.published)
    with world.service.store.unit_of_work() as uow:
        hashes = [uow.users.get(user_id).password_hash for user_id in world.people.values()]
    assert "password_changed" in told
    assert not [text for text in (secret, *hashes) if text in told]
