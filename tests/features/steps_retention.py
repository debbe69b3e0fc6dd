from pytest_bdd import parsers, then, when

from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.sessions.sessions import Sessions
from tests.features.context import BddContext


def is_stored(bdd_context: BddContext, device: str) -> bool:
    with bdd_context.service.store.unit_of_work() as uow:
        return Sessions(uow).find(bdd_context.devices[device].session_id) is not None


@when("expired records are removed")
def _(bdd_context: BddContext) -> None:
    assert bdd_context.handle(ApplyRetention()).finished


@then(parsers.parse("the session of the {device} is removed"))
def _(bdd_context: BddContext, device: str) -> None:
    assert not is_stored(bdd_context, device)


@then(parsers.parse("the session of the {device} is stored"))
def _(bdd_context: BddContext, device: str) -> None:
    assert is_stored(bdd_context, device)
