from collections.abc import Sequence
from uuid import UUID

import click

from hexaccount.events.list_subscribers import ListSubscribers, SubscriberView, SubscriptionState
from hexaccount.events.ports import DeadLetter, DeadLetters
from hexaccount.events.retry_dead_letters import RetryDeadLetters
from hexaccount.events.unsubscribe import Unsubscribe
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.identifiers import moment_of
from hexaccount_click.options import json_option, pass_program, wide_option, yes_option
from hexaccount_click.output import Columns, print_list, print_result
from hexaccount_click.paging import limit_option, print_page
from hexaccount_click.program import Program
from hexaccount_click.prompts import confirm
from hexaccount_click.table import printable

_DEAD_LETTER_COLUMNS: Columns[DeadLetter] = {
    "EVENT ID": lambda dead_letter: dead_letter.entry.id,
    "TYPE": lambda dead_letter: dead_letter.entry.type,
    "SUBJECT": lambda dead_letter: dead_letter.entry.subject,
    "SUBSCRIBER": lambda dead_letter: dead_letter.subscriber,
    "ATTEMPTS": lambda dead_letter: dead_letter.attempts,
    "ERROR": lambda dead_letter: dead_letter.error,
}
_SUBSCRIBER_COLUMNS: Columns[SubscriberView] = {
    "SUBSCRIBER": lambda subscriber: subscriber.name,
    "STATE": lambda subscriber: subscriber.state.replace("_", " "),
    "PENDING": lambda subscriber: subscriber.backlog.pending,
    "DEAD LETTERS": lambda subscriber: subscriber.backlog.dead_letters,
    "OLDEST": lambda subscriber: _time_of(subscriber.backlog.oldest),
}


@click.group()
def outbox() -> None:
    """Administer dead letters and event subscriptions."""


@outbox.command("list")
@click.option("--subscriber", metavar="NAME", help="Only deliveries to this subscriber.")
@limit_option
@click.option("--after", type=click.UUID, metavar="EVENT_ID", help="Begin after this event.")
@wide_option
@json_option
@pass_program
def list_dead_letters(
    program: Program, *, subscriber: str | None, limit: int, after: UUID | None, wide: bool, as_json: bool
) -> None:
    """List dead letters (deliveries that failed for good) with their last error."""
    found, following = _page_of_events(program.dead_letters(), limit=limit, after=after, subscriber=subscriber)
    empty = "There are no dead letters."
    print_page(found, following, _DEAD_LETTER_COLUMNS, as_json=as_json, wide=wide, document=_dead_letter, empty=empty)


@outbox.command()
@click.argument("event_id", type=click.UUID, required=False)
@click.option("--subscriber", metavar="NAME", help="Retry deliveries to this subscriber.")
@click.option("--all", "everything", is_flag=True, help="Retry all dead letters.")
@pass_program
def retry(program: Program, *, event_id: UUID | None, subscriber: str | None, everything: bool) -> None:
    """Enqueue dead letters again: those of an event, those of a subscriber, or all."""
    selected = event_id is not None or subscriber is not None
    if selected == everything:
        raise click.UsageError("give an EVENT_ID or a --subscriber to select dead letters, or else --all")
    count = program.bus().handle(RetryDeadLetters(event_id=event_id, subscriber=subscriber))
    if selected and not count:
        raise Refusal("run `hexaccount outbox list` to list the dead letters; none match")
    print_result("1 delivery is pending again." if count == 1 else f"{count} deliveries are pending again.")


@outbox.command()
@wide_option
@json_option
@pass_program
def subscribers(program: Program, *, wide: bool, as_json: bool) -> None:
    """List the subscribers with their state and their deliveries, counted up to 10,000.

    An `active` subscriber is part of the service, or named in these settings. An `orphaned` one was removed from the
    settings, or only another process names it; its events are stored until it is unsubscribed. For one that is
    `not subscribed`, events are stored once a process has started with these settings. OLDEST is the time of the
    oldest pending event.
    """
    found = program.bus().handle(ListSubscribers())
    print_list(found, _SUBSCRIBER_COLUMNS, as_json=as_json, wide=wide, document=_subscriber)


@outbox.command()
@click.argument("subscriber")
@yes_option
@pass_program
def unsubscribe(program: Program, *, subscriber: str, yes: bool) -> None:
    """End the subscription of a SUBSCRIBER and discard its deliveries.

    First remove it from the settings of every process, and restart them: a process that still names it receives no
    events for it until it is restarted. `hexaccount outbox subscribers` lists the names.
    """
    bus = program.bus()
    orphaned = {view.name for view in bus.handle(ListSubscribers()) if view.state is SubscriptionState.ORPHANED}
    if not yes and subscriber in orphaned:  # the handler refuses all others
        confirm(f"Discard all deliveries to {printable(subscriber)}?")
    count = bus.handle(Unsubscribe(subscriber=subscriber))
    discarded = "1 delivery" if count == 1 else f"{count} deliveries"
    print_result(f"Unsubscribed {printable(subscriber)} and discarded {discarded}.")


def _page_of_events(
    dead_letters: DeadLetters, *, limit: int, after: UUID | None, subscriber: str | None
) -> tuple[Sequence[DeadLetter], UUID | None]:
    """Return a page and the event after which the next one begins.

    All dead letters of an event are on the same page, since the cursor is an event and not a delivery.
    """
    found = dead_letters.page(limit=limit + 1, after=after, subscriber=subscriber)
    if len(found) <= limit:
        return found, None
    whole = [dead_letter for dead_letter in found if dead_letter.entry.id != found[-1].entry.id]
    if not whole:
        return _page_of_events(dead_letters, limit=2 * limit, after=after, subscriber=subscriber)
    return whole, whole[-1].entry.id


def _dead_letter(dead_letter: DeadLetter) -> dict[str, object]:
    columns = _DEAD_LETTER_COLUMNS.items()
    return {heading.lower().replace(" ", "_"): value(dead_letter) for heading, value in columns}


def _subscriber(subscriber: SubscriberView) -> dict[str, object]:
    return {
        "subscriber": subscriber.name,
        "state": subscriber.state,
        "pending": subscriber.backlog.pending,
        "dead_letters": subscriber.backlog.dead_letters,
        "oldest_event_id": subscriber.backlog.oldest,
    }


def _time_of(event_id: UUID | None) -> str | None:
    return None if event_id is None else f"{moment_of(event_id):%Y-%m-%d %H:%M:%S}Z"
