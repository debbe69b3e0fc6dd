from collections.abc import Sequence
from uuid import UUID

import click

from hexaccount.events.list_subscribers import ListSubscribers, SubscriberView, SubscriptionState
from hexaccount.events.ports import DeadLetter, DeadLetters
from hexaccount.events.unsubscribe import Unsubscribe
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.identifiers import moment_of
from hexaccount_click.options import json_option, limit_option, name_next_page, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align, printable

_HEADINGS = ("EVENT ID", "TYPE", "SUBJECT", "SUBSCRIBER", "ATTEMPTS", "ERROR")
_SUBSCRIBER_HEADINGS = ("SUBSCRIBER", "STATE", "OWED", "GIVEN UP", "OLDEST")


@click.group()
def outbox() -> None:
    """See who is owed events, and what could not be delivered."""


@outbox.command("list")
@click.option("--subscriber", metavar="NAME", help="Only what is owed to this subscriber.")
@limit_option
@click.option("--after", type=click.UUID, metavar="EVENT_ID", help="Begin after this event.")
@json_option
@pass_program
def list_outbox(program: Program, *, subscriber: str | None, limit: int, after: UUID | None, as_json: bool) -> None:
    """List the deliveries that were given up, and why."""
    found, following = _whole_events(program.dead_letters(), limit=limit, after=after, subscriber=subscriber)
    if as_json:
        say_json({"data": [_document(delivery) for delivery in found], "page": {"next": following}})
        return
    if found:
        say("\n".join(align([_HEADINGS, *([str(cell) for cell in _document(one).values()] for one in found)])))
    else:
        note("No delivery was given up.")
    if following:
        name_next_page(subscriber=subscriber, limit=limit, after=following)


@outbox.command()
@click.argument("event_id", type=click.UUID, required=False)
@click.option("--subscriber", metavar="NAME", help="What is owed to this subscriber.")
@click.option("--all", "everything", is_flag=True, help="Whatever was given up.")
@pass_program
def retry(program: Program, *, event_id: UUID | None, subscriber: str | None, everything: bool) -> None:
    """Owe deliveries again that were given up: those of an event, those to a subscriber, or all."""
    named = event_id is not None or subscriber is not None
    if named == everything:
        raise click.UsageError("name what to retry: an EVENT_ID, a --subscriber, or else --all")
    count = program.dead_letters().retry(event_id=event_id, subscriber=subscriber)
    if named and not count:
        raise Refusal("nothing of that was given up; hexaccount outbox list shows what was")
    say("1 delivery is owed again." if count == 1 else f"{count} deliveries are owed again.")


@outbox.command()
@json_option
@pass_program
def subscribers(program: Program, *, as_json: bool) -> None:
    """List for whom events are kept, and how many: up to 10,000 are counted.

    Who is `in use` is part of the service, or named by these settings. Who is `left` was taken out of them, or is in
    those of other processes only: events are kept for it until it is forgotten. For who is `not enrolled` nothing is
    kept before a process starts with these settings. OLDEST is when the event happened that has been owed for the
    longest.
    """
    found = program.bus().handle(ListSubscribers())
    if as_json:
        say_json({"data": [_subscriber_document(subscriber) for subscriber in found]})
    else:
        say("\n".join(align([_SUBSCRIBER_HEADINGS, *map(_subscriber_row, found)])))


@outbox.command()
@click.argument("subscriber")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_program
def forget(program: Program, *, subscriber: str, yes: bool) -> None:
    """Keep nothing for a SUBSCRIBER any more, neither what it is owed now nor what will happen.

    For one that was taken out of the settings of every process for good: one that still names it would not notice, and
    wait in vain until it is started again. The name is as `hexaccount outbox subscribers` shows it.
    """
    bus = program.bus()
    left = {each.name for each in bus.handle(ListSubscribers()) if each.state is SubscriptionState.LEFT}
    if not yes and subscriber in left:  # nobody is asked about what is going to be refused
        click.confirm(f"{printable(subscriber)} gets nothing of what is kept for it. Go on?", abort=True, err=True)
    count = bus.handle(Unsubscribe(subscriber=subscriber))
    events = "1 event was" if count == 1 else f"{count} events were"
    say(f"{printable(subscriber)} is forgotten; {events} kept for it.")


def _whole_events(
    dead_letters: DeadLetters, *, limit: int, after: UUID | None, subscriber: str | None
) -> tuple[Sequence[DeadLetter], UUID | None]:
    """Return a page and the event after which the next one begins.

    An event is never divided between two pages: the next one would not show what it owes to later subscribers.
    """
    found = dead_letters.page(limit=limit + 1, after=after, subscriber=subscriber)
    if len(found) <= limit:
        return found, None
    whole = [delivery for delivery in found if delivery.entry.id != found[-1].entry.id]
    if not whole:
        return _whole_events(dead_letters, limit=2 * limit, after=after, subscriber=subscriber)
    return whole, whole[-1].entry.id


def _document(delivery: DeadLetter) -> dict[str, object]:
    return {
        "event_id": delivery.entry.id,
        "type": delivery.entry.type,
        "subject": delivery.entry.subject,
        "subscriber": delivery.subscriber,
        "attempts": delivery.attempts,
        "error": delivery.error,
    }


def _subscriber_row(subscriber: SubscriberView) -> tuple[str, ...]:
    backlog = subscriber.backlog
    oldest = "" if backlog.oldest is None else f"{moment_of(backlog.oldest):%Y-%m-%d %H:%M:%S}Z"
    state = subscriber.state.replace("_", " ")
    return (subscriber.name, state, str(backlog.pending), str(backlog.dead_letters), oldest)


def _subscriber_document(subscriber: SubscriberView) -> dict[str, object]:
    return {
        "subscriber": subscriber.name,
        "state": subscriber.state,
        "owed": subscriber.backlog.pending,
        "given_up": subscriber.backlog.dead_letters,
        "oldest_event_id": subscriber.backlog.oldest,
    }
