from dataclasses import dataclass

from hexaccount.events.ports import History
from hexaccount.events.replay import Replay, ReplayTargets
from hexaccount.kernel.messages import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPreview:
    """How many events a replay is of, and whether they are taken at once or brought later by the relays."""

    events: int
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReplay(Query[ReplayPreview]):
    """Ask what a replay would come to."""

    replay: Replay


def preview_replay(query: PreviewReplay, *, history: History, targets: ReplayTargets) -> ReplayPreview:
    """Return what a replay comes to; raises UnknownTarget and TypeNotTaken."""
    target, chosen = query.replay.resolve(targets)
    return ReplayPreview(events=history.count(chosen), at_once=target.immediate)
