from dataclasses import dataclass

from hexaccount.events.ports import History
from hexaccount.events.replay import Replay, ReplayTargets
from hexaccount.kernel.messages import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPreview:
    """How many events a replay has, and whether its target takes them at once or the relays deliver them later."""

    events: int
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReplay(Query[ReplayPreview]):
    """Preview a replay, without doing it."""

    replay: Replay


def preview_replay(query: PreviewReplay, *, history: History, targets: ReplayTargets) -> ReplayPreview:
    """Return the size of a replay; raises UnknownTarget and TypeNotTaken."""
    target, chosen = query.replay.resolve(targets)
    return ReplayPreview(events=history.count(chosen), at_once=target.immediate)
