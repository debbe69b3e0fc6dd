"""A service that kills itself at one point of a registration.

It registers a user over the HTTP application, sends the status code as the acknowledgement, and delivers the events.
The points are the moments before and after each message to the database and before and after the acknowledgement.
The process sends itself SIGKILL at point `kill_at`, counted from 1; if it survives, it sends the number of points.
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
from tests.people import registration_form

KEY = "the key of the killed service, long enough"


class Points:
    """Counts the points while `counting`, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.seen = 0
        self.counting = False
        self._kill_at = kill_at

    def pass_one(self, *_: Any) -> None:
        self.seen += self.counting
        if self.counting and self.seen == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def opened(url: str, clock: Clock | None = None) -> Service:
    """Open the service; its publisher keeps the events in memory."""
    settings = Settings(
        store=url,
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),  # all registrations come from one address
    )
    publishers = [PublishingSubscriber("memory://outside", MemoryPublisher())]
    service = open_service(settings, publishers=publishers, clock=clock or SystemClock())
    service.store.migrate()
    service.subscribe()
    return service


class WatchedCommands(CommandListener):
    """Passes a point before and after each command to MongoDB."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def started(self, event: object) -> None:
        self._points.pass_one()

    def succeeded(self, event: object) -> None:
        self._points.pass_one()

    def failed(self, event: object) -> None:
        self._points.pass_one()


def watch_statements(service: Service, points: Points) -> None:
    """Pass a point before and after each statement to a SQL database."""
    if isinstance(service.store, SqlStore):
        for moment in ("before_cursor_execute", "after_cursor_execute"):
            sa.event.listen(service.store._engine, moment, points.pass_one)


def register(url: str, name: str, kill_at: int, channel: Connection) -> None:
    """Register in a separate process, and send the status code and the number of points."""
    points = Points(kill_at)
    monitoring.register(WatchedCommands(points))  # a client reads the listeners when it is created
    with opened(url) as service:
        watch_statements(service, points)
        app = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=ReadinessReport,
            published_keys=service.published_keys,
            metrics=bytes,
        )
        points.counting = True
        answer = app.test_client().post("/api/v1/public/register", json=registration_form(name))
        points.pass_one()
        channel.send(answer.status_code)
        points.pass_one()
        service.deliver_all()
        points.counting = False
    channel.send(points.seen)
