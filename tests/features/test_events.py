from collections.abc import Sequence

from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.events.list_events import ListEvents
from hexaccount.events.ports import DeadLetter
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from tests.features.world import PASSWORD, World, facts

scenarios("../../features/events.feature")


def dead_letters(world: World) -> Sequence[DeadLetter]:
    return world.service.store.dead_letters.page(limit=10, after=None)


@given("the world outside cannot be reached")
def _(world: World) -> None:
    world.outside.away = True


@when("the world outside can be reached")
def _(world: World) -> None:
    world.outside.away = False


@given(parsers.parse('the world outside cannot take the registration of "{name}"'))
def _(world: World, name: str) -> None:
    world.outside.indigestible.add(name)


@when("the world outside can take everything")
def _(world: World) -> None:
    world.outside.indigestible.clear()


@given("the events have been delivered again and again for a day")
@when("the events are delivered again and again for a day")
def _(world: World) -> None:
    for _ in range(24):
        world.deliver()
        world.clock.advance(hours=1)


@when(parsers.parse('the registration of "{name}" is delivered once more'))
def _(world: World, name: str) -> None:
    (registered, *_) = world.journal("user", world.people[name])
    for subscriber in world.service.subscribers:
        if registered.type in subscriber.event_types:
            subscriber.deliver([registered])


@when("an admin retries what was set aside")
def _(world: World) -> None:
    assert world.service.store.dead_letters.retry() == 1


@when(parsers.parse('"{name}" changes their bio to "{text}"'))
def _(world: World, name: str, text: str) -> None:
    world.handle(UpdateProfile.of_text(world.people[name], {"bio": text}))


@when(parsers.parse('an admin replays what has happened to "{name}" to {whom}'))
def _(world: World, name: str, whom: str) -> None:
    target = {"the world outside": "memory://outside", "those who make profiles": "profile-of-a-registered-user"}[whom]
    step = world.handle(ReplayEvents(replay=Replay(target=target, user_id=world.people[name])))
    assert (step.events > 0, step.next) == (True, None)


@then(parsers.parse('the history of all that concerns "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.handle(ListEvents(user_id=world.people[name])).events) == history


@then(parsers.parse('the world has been told of the user "{name}": {told}'))
def _(world: World, name: str, told: str) -> None:
    assert facts(world.outside.told_of("user", world.people[name])) == told


@then(parsers.parse('the world has been told of the profile of "{name}": {told}'))
def _(world: World, name: str, told: str) -> None:
    assert facts(world.outside.told_of("profile", world.people[name])) == told


@then(parsers.parse('the world has been told nothing of the user "{name}"'))
def _(world: World, name: str) -> None:
    assert world.outside.told_of("user", world.people[name]) == []


@then(parsers.parse("the world has been told of {number:d} registration"))
def _(world: World, number: int) -> None:
    assert len([entry for entry in world.outside.published if "registered" in entry.type]) == number


@then(parsers.parse('this was brought about by the registration of "{name}"'))
def _(world: World, name: str) -> None:
    (registered,) = world.outside.told_of("user", world.people[name])
    (created,) = world.outside.told_of("profile", world.people[name])
    assert created.causation_id == str(registered.id)


@then("no event is set aside")
def _(world: World) -> None:
    assert list(dead_letters(world)) == []


@then(parsers.parse('the registration of "{name}" is set aside after {attempts:d} attempts'))
def _(world: World, name: str, attempts: int) -> None:
    (given_up,) = dead_letters(world)
    assert (given_up.subscriber, given_up.attempts) == ("memory://outside", attempts)
    assert (given_up.entry.aggregate_id, facts([given_up.entry])) == (world.people[name], "registered")


@then(parsers.parse('the history of the user "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.journal("user", world.people[name])) == history


@then(parsers.parse("the history of the session of the {device} is: {history}"))
def _(world: World, device: str, history: str) -> None:
    assert facts(world.journal("session", world.devices[device].session_id)) == history


@then(parsers.parse('the history of the profile of "{name}" is: {history}'))
def _(world: World, name: str, history: str) -> None:
    assert facts(world.journal("profile", world.people[name])) == history


@then("the world has not been told the password, nor its hash, nor a token")
def _(world: World) -> None:
    told = repr(world.outside.published)
    with world.service.store.unit_of_work() as uow:
        hashes = [uow.users.get(user_id).password_hash for user_id in world.people.values()]
    secrets = [PASSWORD, *hashes, *(access.token for access in world.devices.values())]
    assert "session.opened" in told
    assert not [secret for secret in secrets if secret in told]
