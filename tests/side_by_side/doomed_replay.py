"""A replay in small steps that dies at one point of its work: before or after a message to the database."""

import time
from multiprocessing.connection import Connection

from pymongo import monitoring

from hexaccount.bootstrap.service import Service
from hexaccount.events import replay_events as replaying
from hexaccount.events.ports import JournalKey
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.kernel.unit_of_work import StoreUnavailable
from tests.side_by_side.doomed_registration import Points, WatchedCommands, opened, watch_statements

OUTSIDE = "memory://outside"
STEP = 5
"""Fewer events than two aggregates have."""


def replay(url: str, doom: int, told: Connection) -> None:
    """Replay in a process of its own; at the end it tells how many points there were."""
    points = Points(doom)
    replaying.BATCH = STEP
    monitoring.register(WatchedCommands(points))  # before there is a client, which asks once
    with opened(url) as service:
        watch_statements(service, points)
        points.counting = True
        replay_all(service)
        points.counting = False
    told.send(points.seen)


def replay_all(service: Service) -> None:
    """Do all steps of a replay to the world outside, as patiently as MongoDB ends transactions of the dead."""
    after: JournalKey | None = None
    deadline = time.monotonic() + 30
    while True:
        try:
            step = service.bus.handle(ReplayEvents(replay=Replay(target=OUTSIDE), after=after))
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            continue
        after = step.next
        if after is None:
            return
