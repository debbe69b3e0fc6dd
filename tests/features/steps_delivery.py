"""Delivery of events, dead letters and replay."""

from collections.abc import Sequence

from pytest_bdd import given, parsers, then, when

from hexaccount.events.ports import DeadLetter
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from tests.features.context import BddContext
from tests.features.receiver import RECEIVER

REPLAY_TARGETS = {"the receiver": RECEIVER, "the handler that creates profiles": "profile-of-a-registered-user"}


def dead_letters(bdd_context: BddContext) -> Sequence[DeadLetter]:
    return bdd_context.service.store.dead_letters.page(limit=10, after=None)


@given("the receiver is unavailable")
def _(bdd_context: BddContext) -> None:
    bdd_context.receiver.available = False


@when("the receiver is available")
def _(bdd_context: BddContext) -> None:
    bdd_context.receiver.available = True


@given(parsers.parse('the receiver rejects the registration of "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.receiver.rejected.add(name)


@when("the receiver accepts all events")
def _(bdd_context: BddContext) -> None:
    bdd_context.receiver.rejected.clear()


@given("the events have been delivered")
@when("the events are delivered")
def _(bdd_context: BddContext) -> None:
    bdd_context.deliver()


@given("the events have been delivered every hour for a day")
@when("the events are delivered every hour for a day")
def _(bdd_context: BddContext) -> None:
    for _ in range(24):
        bdd_context.deliver()
        bdd_context.clock.advance(hours=1)


@when(parsers.parse('the registration of "{name}" is delivered again'))
def _(bdd_context: BddContext, name: str) -> None:
    (registered, *_) = bdd_context.journal("user", bdd_context.user_ids[name])
    for subscriber in bdd_context.service.subscribers:
        if registered.type in subscriber.event_types:
            subscriber.deliver([registered])


@when("an admin retries the dead letters")
def _(bdd_context: BddContext) -> None:
    assert bdd_context.service.store.dead_letters.retry() == 1


@when(parsers.parse('an admin replays the events of "{name}" to {target}'))
def _(bdd_context: BddContext, name: str, target: str) -> None:
    replay = Replay(target=REPLAY_TARGETS[target], user_id=bdd_context.user_ids[name])
    step = bdd_context.handle(ReplayEvents(replay=replay))
    assert (step.events > 0, step.next) == (True, None)


@then("there are no dead letters")
def _(bdd_context: BddContext) -> None:
    assert list(dead_letters(bdd_context)) == []


@then(parsers.parse('the registration of "{name}" is a dead letter after {attempts:d} attempts'))
def _(bdd_context: BddContext, name: str, attempts: int) -> None:
    (dead_letter,) = dead_letters(bdd_context)
    assert (dead_letter.subscriber, dead_letter.attempts) == (RECEIVER, attempts)
    event = dead_letter.entry
    assert (event.aggregate_id, event.type) == (bdd_context.user_ids[name], "hexaccount.user.registered.v1")
