from datetime import timedelta
from uuid import UUID

from pytest_bdd import parsers, scenarios, then, when

from hexaccount.sessions.end_all_sessions import EndAllSessions
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.views import SessionView
from tests.features.world import World, facts

scenarios("../../features/sessions.feature")


def sessions_of(world: World, user_id: UUID) -> list[SessionView]:
    return list(world.handle(ListSessions(user_id=user_id)).sessions)


@when(parsers.parse('"{name}" ends the session of the {device}'))
def _(world: World, name: str, device: str) -> None:
    command = EndSession(user_id=world.people[name], session_id=world.devices[device].session_id)
    world.attempt(lambda: world.handle(command))


@when(parsers.parse('"{name}" ends all sessions but that of the {device}'))
def _(world: World, name: str, device: str) -> None:
    world.handle(EndSessions(user_id=world.people[name], keep=world.devices[device].session_id))


@when(parsers.parse('an admin ends all sessions of "{name}"'))
def _(world: World, name: str) -> None:
    world.handle(EndSessions(user_id=world.people[name]))


@when("an admin ends the sessions of everybody")
def _(world: World) -> None:
    assert world.handle(EndAllSessions()) == len(world.people)


@then(parsers.parse('"{name}" is logged in on: {devices}'))
def _(world: World, name: str, devices: str) -> None:
    shown = [session.device for session in sessions_of(world, world.people[name])]
    assert (", ".join(shown) or "nothing") == devices


@then(parsers.parse("the {device} was used {minutes:d} minutes ago"))
def _(world: World, device: str, minutes: int) -> None:
    session_id = world.devices[device].session_id
    (used,) = [
        session.last_used_at
        for user_id in world.people.values()
        for session in sessions_of(world, user_id)
        if session.id == session_id
    ]
    assert used == world.clock.now() - timedelta(minutes=minutes)


@then(parsers.parse("the history of the session of the {device} is: {history}"))
def _(world: World, device: str, history: str) -> None:
    assert facts(world.journal("session", world.devices[device].session_id)) == history
