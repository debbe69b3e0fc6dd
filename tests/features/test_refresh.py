from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_session import RefreshSession
from tests.features.world import World, facts

scenarios("../../features/refresh.feature")


@given(parsers.parse("somebody has copied the refresh token of the {device}"), target_fixture="copy")
def _(world: World, device: str) -> str:
    return world.devices[device].refresh


@given(parsers.parse("the {device} has refreshed after each of {times:d} times {days:d} days"))
@when(parsers.parse("the {device} refreshes after each of {times:d} times {days:d} days"))
def _(world: World, device: str, times: int, days: int) -> None:
    for _ in range(times):
        world.clock.advance(days=days)
        world.refresh(device)


@when("the copy is used", target_fixture="thief")
def _(world: World, copy: str) -> IssuedTokens | None:
    world.attempt(lambda: world.handle(RefreshSession(refresh=copy)))
    return world.answer


@then(parsers.parse("the copy has brought the refresh token that the {device} has"))
def _(world: World, thief: IssuedTokens, device: str) -> None:
    assert thief.refresh == world.devices[device].refresh


@then("who has used the copy is logged out")
def _(world: World, thief: IssuedTokens) -> None:
    world.devices["thief"] = thief
    assert not world.is_logged_in("thief")
    world.attempt(lambda: world.refresh("thief"))
    assert world.take_refusal().code == "invalid_refresh_token"


@then(parsers.parse("the access of the {device} lives {seconds:d} seconds"))
def _(world: World, device: str, seconds: int) -> None:
    access = world.devices[device]
    assert access.expires_in == seconds
    assert world.handle(Authenticate(token=access.token)).session_id == access.session_id


@then(parsers.parse("the history of the session of the {device} is: {history}"))
def _(world: World, device: str, history: str) -> None:
    assert facts(world.journal("session", world.devices[device].session_id)) == history


@then(parsers.parse("the world has been told of the session of the {device}: {told}"))
def _(world: World, device: str, told: str) -> None:
    assert facts(world.outside.told_of("session", world.devices[device].session_id)) == told


@then("the world has not been told a token")
def _(world: World, copy: str) -> None:
    told = repr(world.outside.published)
    tokens = [copy, *(token for access in world.devices.values() for token in (access.token, access.refresh))]
    assert "session.refreshed" in told
    assert not [token for token in tokens if token in told]
