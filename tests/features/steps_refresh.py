from pytest_bdd import given, parsers, then, when

from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.refresh_session import RefreshSession
from tests.features.context import BddContext


def refresh(bdd_context: BddContext, device: str, **client: str) -> None:
    command = RefreshSession(refresh=bdd_context.devices[device].refresh, **client)
    bdd_context.devices[device] = bdd_context.handle(command)


@given(parsers.parse("an attacker has copied the refresh token of the {device}"))
def _(bdd_context: BddContext, device: str) -> None:
    bdd_context.devices["attacker"] = bdd_context.devices[device]


@when(parsers.parse("the {device} refreshes"))
def _(bdd_context: BddContext, device: str) -> None:
    bdd_context.attempt(lambda: refresh(bdd_context, device))


@when(parsers.parse("the {device} refreshes on another device in another network"))
def _(bdd_context: BddContext, device: str) -> None:
    client = {"client_address": "203.0.113.9", "user_agent": "another"}
    bdd_context.attempt(lambda: refresh(bdd_context, device, **client))


@given(parsers.re(r"the (?P<device>\w+) has refreshed (?P<times>\d+) times, after (?P<days>\d+) days? each"))
@when(parsers.re(r"the (?P<device>\w+) refreshes (?P<times>\d+) times, after (?P<days>\d+) days? each"))
def _(bdd_context: BddContext, device: str, times: str, days: str) -> None:
    for _ in range(int(times)):
        bdd_context.clock.advance(days=int(days))
        refresh(bdd_context, device)


@then(parsers.parse("the {one} has the same refresh token as the {other}"))
def _(bdd_context: BddContext, one: str, other: str) -> None:
    assert bdd_context.devices[one].refresh == bdd_context.devices[other].refresh


@then(parsers.parse("the access token of the {device} is valid for {seconds:d} seconds"))
def _(bdd_context: BddContext, device: str, seconds: int) -> None:
    access = bdd_context.devices[device]
    assert access.expires_in == seconds
    assert bdd_context.handle(Authenticate(token=access.token)).session_id == access.session_id


@then(parsers.parse("its access token is valid for {seconds:d} seconds"))
def _(bdd_context: BddContext, seconds: int) -> None:
    assert bdd_context.result.expires_in == seconds
