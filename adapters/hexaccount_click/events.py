import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.events.cloud_event import attributes_of, structured
from hexaccount.events.get_event import GetEvent
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from hexaccount.events.preview_replay import PreviewReplay
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.identifiers import first_id_at
from hexaccount_click.archive import archive_events, archive_option, count_of, restore_all, restore_events
from hexaccount_click.options import ProgramChoice, TimeType, json_option, pass_program, wide_option, yes_option
from hexaccount_click.output import Columns, print_json, print_result, print_table
from hexaccount_click.paging import limit_option, print_page
from hexaccount_click.program import Program
from hexaccount_click.prompts import confirm
from hexaccount_click.table import printable

_COLUMNS: Columns[JournalEntry] = {
    "ID": lambda event: event.id,
    "TIME": lambda event: event.time,
    "TYPE": lambda event: event.type,
    "AGGREGATE": lambda event: f"{event.aggregate} {event.aggregate_id}",
    "SEQUENCE": lambda event: event.sequence,
    "ACTOR": lambda event: event.actor,
}


_types_option = click.option(
    "--type",
    "types",
    type=ProgramChoice("type", lambda program: program.event_types()),
    multiple=True,
    metavar="TYPE",
    help="Only events of this type; may be repeated.",
)
_since_option = click.option("--since", type=TimeType(), metavar="TIME", help="Only events recorded since then.")


@click.group()
def events() -> None:
    """Show the history of an account, replay and archive events.

    USER names an account by its id, user name or e-mail address. TIME is a date or a time, in UTC unless it has an
    offset.
    """


@events.command("list")
@click.argument("user")
@_types_option
@_since_option
@limit_option
@click.option("--after", type=click.UUID, metavar="EVENT_ID", help="Begin after this event.")
@wide_option
@json_option
@pass_program
def list_events(
    program: Program,
    *,
    user: str,
    types: Sequence[str],
    since: datetime | None,
    limit: int,
    after: UUID | None,
    wide: bool,
    as_json: bool,
) -> None:
    """List the events of an account, its sessions and its profile, oldest first.

    The order is that of the event ids: the order of time, as far as the clocks of the service's machines agree. Within
    an aggregate, SEQUENCE counts the events.
    """
    bus = program.bus()
    page = bus.handle(
        ListEvents(user_id=_account(bus, user), types=types or None, since=since, limit=limit, after=after)
    )
    empty = f"{printable(user)} has no such events."
    print_page(page.events, page.next, _COLUMNS, as_json=as_json, wide=wide, document=structured, empty=empty)


@events.command()
@click.argument("event_id", type=click.UUID)
@json_option
@pass_program
def show(program: Program, *, event_id: UUID, as_json: bool) -> None:
    """Show all attributes and data of one event."""
    event = program.bus().handle(GetEvent(event_id=event_id))
    if as_json:
        print_json({"data": structured(event)})
        return
    data = {f"data.{name}": json.dumps(value, ensure_ascii=False) for name, value in event.data.items()}
    print_table(list((attributes_of(event) | data).items()))


@events.command()
@click.argument("subscriber")
@_since_option
@click.option("--from", "first", type=click.UUID, metavar="EVENT_ID", help="Only this event and later ones.")
@_types_option
@click.option("--user", metavar="USER", help="Only the events of this account.")
@archive_option
@yes_option
@json_option
@pass_program
def replay(
    program: Program,
    *,
    subscriber: str,
    since: datetime | None,
    first: UUID | None,
    types: Sequence[str],
    user: str | None,
    archive: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Deliver past events to a subscriber again.

    The relays of SUBSCRIBER deliver the events, in order for each account, session and profile. `profiles` is not a
    subscriber: it rebuilds the stored profiles that are missing.

    To resume after an interrupt, run it again: events that are still pending are not enqueued twice.

    With --archive, the archived events of the account, or all of them, are put back into the journal first.
    """
    if since is not None and first is not None:
        raise click.UsageError("give either --since or --from, not both")
    bus = program.bus()
    user_id = None if user is None else _account(bus, user)
    replay = Replay(
        target=subscriber,
        user_id=user_id,
        types=types or None,
        first=first if since is None else first_id_at(since),
    )
    plan = bus.handle(PreviewReplay(replay=replay))
    target, count = printable(subscriber), count_of(plan.events)
    if archive is not None:
        count = f"{count} and those of {printable(str(archive))}"
    if not yes:
        confirm(f"Rebuild missing {target} from {count}?" if plan.at_once else f"Deliver {count} to {target} again?")
    if archive is not None:
        restore_all(bus, archive, user_id)
        plan = bus.handle(PreviewReplay(replay=replay))
    replayed = _replay(bus, replay, expected=plan.events)
    if as_json:
        print_json({"data": {"events": replayed}})
    elif plan.at_once:
        print_result(f"Replayed {count_of(replayed)} to {target}.")
    else:
        print_result(f"Enqueued {count_of(replayed)} for {target}.")


def _account(bus: MessageBus, reference: str) -> UUID:
    """Return the id of an account, which may be that of an erased one; raises UserNotFound."""
    try:
        return bus.handle(GetUser(reference=reference)).id
    except UserNotFound:
        with suppress(ValueError):
            erased = UUID(reference)
            if bus.handle(ListEvents(user_id=erased, limit=1)).events:
                return erased
        raise


def _replay(bus: MessageBus, replay: Replay, *, expected: int) -> int:
    """Run all steps and return the number of events, which exceeds `expected` if new ones are committed meanwhile."""
    replayed, after = 0, None
    with click.progressbar(length=expected, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        while True:
            step = bus.handle(ReplayEvents(replay=replay, after=after))
            replayed += step.events
            bar.update(step.events)
            after = step.next
            if after is None:
                return replayed


events.add_command(archive_events)
events.add_command(restore_events)
