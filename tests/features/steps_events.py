"""Events in the journal and those that the receiver has; `registered` is short for `hexaccount.user.registered.v1`."""

from collections.abc import Iterable, Sequence

from pytest_bdd import parsers, then

from hexaccount.accounts.users import Users
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from tests.features.context import PASSWORD, BddContext


def short_types(entries: Sequence[JournalEntry]) -> str:
    return ", ".join(entry.type.split(".")[2] for entry in entries)


def assert_not_published(bdd_context: BddContext, secrets: Iterable[str], *, after: str) -> None:
    """Check that the receiver has an event of the type `after`, and no event with a secret."""
    published = repr(bdd_context.receiver.published)
    assert after in published
    assert not [secret for secret in secrets if secret in published]


def hashes(bdd_context: BddContext) -> list[str]:
    with bdd_context.service.store.unit_of_work() as uow:
        return [Users(uow).get(user_id).password_hash for user_id in bdd_context.user_ids.values()]


def tokens(bdd_context: BddContext) -> list[str]:
    return [token for access in bdd_context.devices.values() for token in (access.token, access.refresh)]


@then(parsers.parse('the history of the account "{name}" is: {types}'))
def _(bdd_context: BddContext, name: str, types: str) -> None:
    assert short_types(bdd_context.handle(ListEvents(user_id=bdd_context.user_ids[name])).events) == types


@then(parsers.parse('the events of the user "{name}" are: {types}'))
def _(bdd_context: BddContext, name: str, types: str) -> None:
    assert short_types(bdd_context.journal("user", bdd_context.user_ids[name])) == types


@then(parsers.parse('the events of the profile of "{name}" are: {types}'))
def _(bdd_context: BddContext, name: str, types: str) -> None:
    assert short_types(bdd_context.journal("profile", bdd_context.user_ids[name])) == types


@then(parsers.parse("the events of the session of the {device} are: {types}"))
def _(bdd_context: BddContext, device: str, types: str) -> None:
    assert short_types(bdd_context.journal("session", bdd_context.devices[device].session_id)) == types


@then(parsers.parse('the receiver has the events of the user "{name}": {types}'))
def _(bdd_context: BddContext, name: str, types: str) -> None:
    assert short_types(bdd_context.receiver.events_of("user", bdd_context.user_ids[name])) == types


@then(parsers.parse('the receiver has the events of the profile of "{name}": {types}'))
def _(bdd_context: BddContext, name: str, types: str) -> None:
    assert short_types(bdd_context.receiver.events_of("profile", bdd_context.user_ids[name])) == types


@then(parsers.parse("the receiver has the events of the session of the {device}: {types}"))
def _(bdd_context: BddContext, device: str, types: str) -> None:
    assert short_types(bdd_context.receiver.events_of("session", bdd_context.devices[device].session_id)) == types


@then(parsers.parse('the receiver has no events of the user "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    assert bdd_context.receiver.events_of("user", bdd_context.user_ids[name]) == []


@then(parsers.parse("the receiver has {number:d} registration"))
def _(bdd_context: BddContext, number: int) -> None:
    assert len([entry for entry in bdd_context.receiver.published if "registered" in entry.type]) == number


@then(parsers.parse('their cause is the registration of "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    (registered,) = bdd_context.receiver.events_of("user", bdd_context.user_ids[name])
    (created,) = bdd_context.receiver.events_of("profile", bdd_context.user_ids[name])
    assert created.causation_id == str(registered.id)


@then("no published event contains a password, a hash or a token")
def _(bdd_context: BddContext) -> None:
    assert_not_published(bdd_context, [PASSWORD, *hashes(bdd_context), *tokens(bdd_context)], after="session.opened")


@then(parsers.parse('no published event contains "{secret}" or a hash'))
def _(bdd_context: BddContext, secret: str) -> None:
    assert_not_published(bdd_context, [secret, *hashes(bdd_context)], after="password_changed")


@then("no published event contains a token")
def _(bdd_context: BddContext) -> None:
    assert_not_published(bdd_context, tokens(bdd_context), after="session.opened")
