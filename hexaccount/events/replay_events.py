from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey
from hexaccount.events.replay import Replay, ReplayTargets
from hexaccount.kernel.messages import Command

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many events one step has replayed, and the aggregate after which the next step begins, None at the end."""

    events: int
    next: JournalKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayEvents(Command[Replayed]):
    """Replay the events of whole aggregates after `after`, about 500, and never a part of an aggregate's.

    A replay is a series of such steps. One that was interrupted may start again, or continue after its last step.
    """

    replay: Replay
    after: JournalKey | None = None


def replay_events(command: ReplayEvents, *, history: History, targets: ReplayTargets) -> Replayed:
    """Do one step of a replay; raises UnknownTarget and TypeNotTaken."""
    target, event_filter = command.replay.resolve(targets)
    target.prepare()
    entries, following = _whole_aggregates(history, event_filter, after=command.after, limit=BATCH)
    target.replay(entries)
    return Replayed(events=len(entries), next=following)


def _whole_aggregates(
    history: History, event_filter: EventFilter, *, after: JournalKey | None, limit: int
) -> tuple[Sequence[JournalEntry], JournalKey | None]:
    found = history.by_aggregate(event_filter, limit=limit + 1, after=after)
    if len(found) <= limit:
        return found, None
    whole = [entry for entry in found if _key(entry) != _key(found[-1])]
    if not whole:
        return _whole_aggregates(history, event_filter, after=after, limit=2 * limit)
    return whole, _key(whole[-1])


def _key(entry: JournalEntry) -> JournalKey:
    return entry.aggregate, entry.aggregate_id
