from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_all_sessions import EndAllSessions
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from tests.features.context import BddContext


@when(parsers.parse('"{name}" logs in with {which} password'))
def _(bdd_context: BddContext, name: str, which: str) -> None:
    passwords = {"the right": {}, "the old": {}, "a wrong": {"password": "not this one"}}
    bdd_context.attempt(lambda: bdd_context.log_in(name, **passwords[which]))


@given(parsers.parse('"{name}" has logged in on the {device}'))
@when(parsers.parse('"{name}" logs in on the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    bdd_context.devices[device] = bdd_context.log_in(name, agent=device)


@when(parsers.parse("the {device} logs out"))
def _(bdd_context: BddContext, device: str) -> None:
    bdd_context.handle(LogOut(session_id=bdd_context.devices[device].session_id))


@when(parsers.parse("the {device} logs out with its refresh token"))
def _(bdd_context: BddContext, device: str) -> None:
    bdd_context.handle(LogOut(refresh=bdd_context.devices[device].refresh))


@when(parsers.parse('"{name}" ends the session of the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    command = EndSession(user_id=bdd_context.user_ids[name], session_id=bdd_context.devices[device].session_id)
    bdd_context.attempt(lambda: bdd_context.handle(command))


@when(parsers.parse('"{name}" ends all sessions but that of the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    current = bdd_context.devices[device].session_id
    bdd_context.handle(EndSessions(user_id=bdd_context.user_ids[name], keep=current))


@when(parsers.parse('an admin ends the sessions of "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.handle(EndSessions(user_id=bdd_context.user_ids[name]))


@when("an admin ends the sessions of all users")
def _(bdd_context: BddContext) -> None:
    assert bdd_context.handle(EndAllSessions()) == len(bdd_context.user_ids)


@then(parsers.parse("the {device} is logged in"))
def _(bdd_context: BddContext, device: str) -> None:
    assert bdd_context.is_logged_in(device)


@then(parsers.parse("the {device} is logged out"))
def _(bdd_context: BddContext, device: str) -> None:
    assert not bdd_context.is_logged_in(device)


@then(parsers.re(r"the (?P<one>\w+) and the (?P<other>\w+) are logged (?P<state>in|out)"))
def _(bdd_context: BddContext, one: str, other: str, state: str) -> None:
    assert [bdd_context.is_logged_in(device) for device in (one, other)] == [state == "in"] * 2


@then(parsers.parse("the {one} and the {other} have different sessions"))
def _(bdd_context: BddContext, one: str, other: str) -> None:
    assert bdd_context.devices[one].session_id != bdd_context.devices[other].session_id


@then(parsers.parse('the login belongs to "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    login = bdd_context.result
    principal = bdd_context.handle(Authenticate(token=login.token))
    assert (principal.user.id, principal.session_id) == (bdd_context.user_ids[name], login.session_id)


@then(parsers.parse('the sessions of "{name}" are on: {devices}'))
def _(bdd_context: BddContext, name: str, devices: str) -> None:
    page = bdd_context.handle(ListSessions(user_id=bdd_context.user_ids[name]))
    assert ", ".join(session.device for session in page.sessions) == devices


@then(parsers.parse('"{name}" has no sessions'))
def _(bdd_context: BddContext, name: str) -> None:
    assert list(bdd_context.handle(ListSessions(user_id=bdd_context.user_ids[name])).sessions) == []


@then(parsers.parse("the session of the {device} was last used {minutes:d} minutes ago"))
def _(bdd_context: BddContext, device: str, minutes: int) -> None:
    pages = [bdd_context.handle(ListSessions(user_id=user_id)) for user_id in bdd_context.user_ids.values()]
    last_used = {session.id: session.last_used_at for page in pages for session in page.sessions}
    session_id = bdd_context.devices[device].session_id
    assert last_used[session_id] == bdd_context.clock.now() - timedelta(minutes=minutes)
