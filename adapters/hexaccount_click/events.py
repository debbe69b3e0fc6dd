import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import click

from hexaccount.accounts.get_user import GetUser
from hexaccount.events.cloud_event import attributes_of, structured
from hexaccount.events.get_event import GetEvent
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from hexaccount.events.preview_replay import PreviewReplay
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.clock import format_time
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.identifiers import first_id_at
from hexaccount_click.moment import MomentType
from hexaccount_click.options import json_option, limit_option, name_next_page, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.progress import Progress
from hexaccount_click.table import align, printable

_HEADINGS = ("ID", "TIME", "TYPE", "AGGREGATE", "SEQUENCE", "CAUSE")


_types_option = click.option(
    "--type",
    "types",
    type=click.Choice(list(EVENT_TYPES)),
    multiple=True,
    metavar="TYPE",
    help="Only of this type; may be given again for others.",
)
_since_option = click.option("--since", type=MomentType(), metavar="TIME", help="Only what was recorded since.")


@click.group()
def events() -> None:
    """Look at what has happened, and replay it.

    USER names an account by its id, user name or e-mail address; TIME is a day or a moment, in UTC unless it says
    otherwise.
    """


@events.command("list")
@click.argument("user")
@_types_option
@_since_option
@limit_option
@click.option("--after", type=click.UUID, metavar="EVENT_ID", help="Begin after this event.")
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
    as_json: bool,
) -> None:
    """List the history of an account, oldest first: of the account itself, its sessions and its profile.

    The order is that of the events' ids, which is that of time as far as the clocks of the service's machines agree;
    within an aggregate SEQUENCE counts.
    """
    bus = program.bus()
    account = bus.handle(GetUser(reference=user))
    page = bus.handle(ListEvents(user_id=account.id, types=types or None, since=since, limit=limit, after=after))
    if as_json:
        say_json({"data": [structured(event) for event in page.events], "page": {"next": page.next}})
        return
    if page.events:
        say("\n".join(align([_HEADINGS, *map(_row, page.events)])))
    else:
        note(f"Nothing of the kind has happened to {printable(account.user_name)}.")
    if page.next:
        name_next_page(user, type=types, since=since and format_time(since), limit=limit, after=page.next)


@events.command()
@click.argument("event_id", type=click.UUID)
@json_option
@pass_program
def show(program: Program, *, event_id: UUID, as_json: bool) -> None:
    """Show one event whole."""
    event = program.bus().handle(GetEvent(event_id=event_id))
    if as_json:
        say_json({"data": structured(event)})
        return
    data = {f"data.{name}": json.dumps(value, ensure_ascii=False) for name, value in event.data.items()}
    say("\n".join(align(list((attributes_of(event) | data).items()))))


@events.command()
@click.argument("subscriber")
@_since_option
@click.option("--from", "first", type=click.UUID, metavar="EVENT_ID", help="Only from this event on.")
@_types_option
@click.option("--user", metavar="USER", help="Only what has happened to this account.")
@click.option("--yes", is_flag=True, help="Do not ask.")
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
    yes: bool,
    as_json: bool,
) -> None:
    """Tell a subscriber what has happened once more, from the beginning or a point on.

    The events are owed to SUBSCRIBER again, and its relays bring them, those of each account, session and profile in
    their order. `profiles` is no subscriber but the stored profiles: they are made anew where they are missing.

    May be interrupted, and run again: what is still owed is not owed twice.
    """
    if since is not None and first is not None:
        raise click.UsageError("name the point to begin at by --since or by --from, not by both")
    bus = program.bus()
    of_user = None if user is None else bus.handle(GetUser(reference=user)).id
    wanted = Replay(
        target=subscriber,
        user_id=of_user,
        types=types or None,
        first=first if since is None else first_id_at(since),
    )
    plan = bus.handle(PreviewReplay(replay=wanted))
    how = "made anew where they are missing" if plan.at_once else "owed again, and its relays bring them"
    if not yes:
        click.confirm(f"{_counted(plan.events)} for {printable(subscriber)}: {how}. Go on?", abort=True, err=True)
    replayed = _replay(bus, wanted, expected=plan.events)
    if as_json:
        say_json({"data": {"events": replayed}})
    else:
        say(f"{_counted(replayed)} {'replayed' if plan.at_once else 'pending again'} to {printable(subscriber)}.")


def _replay(bus: Bus, wanted: Replay, *, expected: int) -> int:
    """Do all steps of a replay and return how many events it was of; new ones may have come meanwhile."""
    with Progress() as progress:
        step = bus.handle(ReplayEvents(replay=wanted))
        replayed = step.events
        while step.next is not None:
            progress.tell(f"{replayed:,} of {expected:,} events")
            step = bus.handle(ReplayEvents(replay=wanted, after=step.next))
            replayed += step.events
    return replayed


def _counted(events: int) -> str:
    return "1 event" if events == 1 else f"{events:,} events"


def _row(event: JournalEntry) -> tuple[str, ...]:
    return (
        str(event.id),
        format_time(event.time),
        event.type,
        f"{event.aggregate} {event.aggregate_id}",
        str(event.sequence),
        event.causation_id or "-",
    )
