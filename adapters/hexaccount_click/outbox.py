from collections.abc import Sequence
from uuid import UUID

import click

from hexaccount.application.ports.outbox import SetAside, SetAsideDeliveries
from hexaccount.domain.errors import Refusal
from hexaccount_click.options import json_option, limit_option, name_next_page, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align

_HEADINGS = ("EVENT ID", "TYPE", "SUBJECT", "SUBSCRIBER", "ATTEMPTS", "ERROR")


@click.group()
def outbox() -> None:
    """List and retry the events whose delivery was given up."""


@outbox.command("list")
@click.option("--subscriber", metavar="NAME", help="Only what is owed to this subscriber.")
@limit_option
@click.option("--after", type=click.UUID, metavar="EVENT_ID", help="Begin after this event.")
@json_option
@pass_program
def list_outbox(program: Program, *, subscriber: str | None, limit: int, after: UUID | None, as_json: bool) -> None:
    """List the deliveries that were given up, and why."""
    found, following = _whole_events(program.set_aside(), limit=limit, after=after, subscriber=subscriber)
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
    count = program.set_aside().retry(event_id=event_id, subscriber=subscriber)
    if named and not count:
        raise Refusal("nothing of that was given up; hexaccount outbox list shows what was")
    say("1 delivery is owed again." if count == 1 else f"{count} deliveries are owed again.")


def _whole_events(
    set_aside: SetAsideDeliveries, *, limit: int, after: UUID | None, subscriber: str | None
) -> tuple[Sequence[SetAside], UUID | None]:
    """Return a page and the event after which the next one begins.

    An event is never divided between two pages: the next one would not show what it owes to later subscribers.
    """
    found = set_aside.page(limit=limit + 1, after=after, subscriber=subscriber)
    if len(found) <= limit:
        return found, None
    whole = [delivery for delivery in found if delivery.entry.id != found[-1].entry.id]
    if not whole:
        return _whole_events(set_aside, limit=2 * limit, after=after, subscriber=subscriber)
    return whole, whole[-1].entry.id


def _document(delivery: SetAside) -> dict[str, object]:
    return {
        "event_id": delivery.entry.id,
        "type": delivery.entry.type,
        "subject": delivery.entry.subject,
        "subscriber": delivery.subscriber,
        "attempts": delivery.attempts,
        "error": delivery.error,
    }
