from dataclasses import dataclass

from hexaccount.application.messages import Query
from hexaccount.application.ports.history import History
from hexaccount.application.replay import Replay, ReplayTargets


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """How many events a replay is of, and whether they are taken at once or brought later by the relays."""

    events: int
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReplay(Query[ReplayPlan]):
    """Ask what a replay would come to."""

    replay: Replay


def plan_replay(query: PlanReplay, *, history: History, targets: ReplayTargets) -> ReplayPlan:
    """Return what a replay comes to; raises UnknownTarget and TypeNotTaken."""
    target, chosen = query.replay.resolve(targets)
    return ReplayPlan(events=history.count(chosen), at_once=target.takes_at_once)
