"""A service that dies at one point of its work.

It registers somebody over its HTTP application, acknowledges by telling the status, and delivers the events. A point is
the moment before and after each message to the database, and before and after the acknowledgement; at the one that is
its doom, from 1, the process kills itself with SIGKILL. At the end it tells how many points there were.
"""

import os
import signal
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from pymongo import monitoring
from pymongo.monitoring import CommandListener

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.clock import Clock
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_flask import create_app
from hexaccount_memory import MemoryPublisher
from hexaccount_sql import SqlStore
from hexaccount_system import SystemClock

KEY = "the key of the doomed, which is long enough"
PASSWORD = "correct horse battery"


class Points:
    """Counts the points once it is told to, and dies at one of them."""

    def __init__(self, doom: int) -> None:
        self.seen = 0
        self.counting = False
        self._doom = doom

    def pass_one(self, *_: Any) -> None:
        self.seen += self.counting
        if self.counting and self.seen == self._doom:
            os.kill(os.getpid(), signal.SIGKILL)


def opened(url: str, clock: Clock | None = None) -> Service:
    """Return the service as it is before and after its death; what it publishes goes nowhere else."""
    settings = Settings(
        store=url,
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),  # all who are registered come from one address
    )
    publishers = [PublishingSubscriber("memory://outside", MemoryPublisher())]
    service = open_service(settings, publishers=publishers, clock=clock or SystemClock())
    service.store.migrate()
    service.subscribe()
    return service


class WatchedCommands(CommandListener):
    """Passes a point before each command to MongoDB and after it."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def started(self, event: object) -> None:
        self._points.pass_one()

    def succeeded(self, event: object) -> None:
        self._points.pass_one()

    def failed(self, event: object) -> None:
        self._points.pass_one()


def watch_statements(service: Service, points: Points) -> None:
    """Pass a point before each statement to a database of SQL and after it."""
    if isinstance(service.store, SqlStore):
        for moment in ("before_cursor_execute", "after_cursor_execute"):
            sa.event.listen(service.store._engine, moment, points.pass_one)


def register(url: str, name: str, doom: int, told: Connection) -> None:
    """Register in a process of its own."""
    points = Points(doom)
    monitoring.register(WatchedCommands(points))  # before there is a client, which asks once
    with opened(url) as service:
        watch_statements(service, points)
        app = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=ReadinessReport,
            published_keys=service.published_keys,
            metrics=bytes,
        )
        entered = {
            "user_name": name,
            "email": f"{name}@example.org",
            "first_name": "Juliet",
            "last_name": "Capulet",
            "password": PASSWORD,
        }
        points.counting = True
        answer = app.test_client().post("/api/v1/public/register", json=entered)
        points.pass_one()
        told.send(answer.status_code)
        points.pass_one()
        service.deliver_all()
        points.counting = False
    told.send(points.seen)
