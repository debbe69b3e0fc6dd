from pytest_bdd import parsers, scenarios, then

from hexaccount.sessions.authenticate import Authenticate
from tests.features.world import World

scenarios("../../features/login.feature")


@then(parsers.parse('they are "{name}"'))
def _(world: World, name: str) -> None:
    caller = world.handle(Authenticate(token=world.answer.token))
    assert (caller.user.id, caller.session_id) == (world.people[name], world.answer.session_id)


@then(parsers.parse("their access lives {seconds:d} seconds"))
def _(world: World, seconds: int) -> None:
    assert world.answer.expires_in == seconds


@then(parsers.parse("the {one} and the {other} have sessions of their own"))
def _(world: World, one: str, other: str) -> None:
    sessions = {world.devices[device].session_id for device in (one, other)}
    assert len(sessions) == 2
