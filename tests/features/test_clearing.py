from pytest_bdd import parsers, scenarios, then, when

from hexaccount.retention.apply_retention import ApplyRetention
from tests.features.world import World, facts

scenarios("../../features/clearing.feature")


@when("leftovers are removed")
def _(world: World) -> None:
    assert world.handle(ApplyRetention()).finished


@then(parsers.parse("nothing is left of the {device}'s session but its history: {history}"))
def _(world: World, device: str, history: str) -> None:
    session_id = world.devices[device].session_id
    with world.service.store.unit_of_work() as uow:
        assert uow.sessions.find(session_id) is None
    assert facts(world.journal("session", session_id)) == history


@then(parsers.parse("the {device}'s session is kept"))
def _(world: World, device: str) -> None:
    with world.service.store.unit_of_work() as uow:
        assert uow.sessions.find(world.devices[device].session_id) is not None
