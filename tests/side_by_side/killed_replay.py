"""A replay in small steps that kills itself at one point: before or after a message to the database."""

import time
from multiprocessing.connection import Connection

from pymongo import monitoring

from hexaccount.bootstrap.service import Service
from hexaccount.events import replay_events as replaying
from hexaccount.events.ports import JournalKey
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.kernel.unit_of_work import StoreUnavailable
from tests.side_by_side.killed_registration import Points, WatchedCommands, opened, watch_statements

PUBLISHER = "memory://outside"
STEP = 5
"""Fewer events than two aggregates have."""


def replay(url: str, kill_at: int, channel: Connection) -> None:
    """Replay in a separate process, and send the number of points."""
    points = Points(kill_at)
    replaying.BATCH = STEP
    monitoring.register(WatchedCommands(points))  # a client reads the listeners when it is created
    with opened(url) as service:
        watch_statements(service, points)
        points.counting = True
        replay_all(service)
        points.counting = False
    channel.send(points.seen)


def replay_all(service: Service) -> None:
    """Replay everything to the publisher; retry until MongoDB has aborted the transactions of killed processes."""
    after: JournalKey | None = None
    deadline = time.monotonic() + 30
    while True:
        try:
            step = service.bus.handle(ReplayEvents(replay=Replay(target=PUBLISHER), after=after))
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            continue
        after = step.next
        if after is None:
            return
