"""Creates accounts with pending events, without the bus and without hashes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.services import KEY
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save


@contextmanager
def publishing_to(database: str, topic: str) -> Iterator[Service]:
    """Open a service that enqueues events for a topic and delivers none itself."""
    with open_service(Settings(store=database, events=[topic], jwt=JwtSettings(key=KEY))) as service:
        service.subscribe()
        yield service


def setting_of(topic: str) -> str:
    """Return the setting `events` for a process."""
    return json.dumps([topic])


def fill(service: Service, *, accounts: int, events_each: int) -> None:
    """Commit accounts with this many events each, ten accounts at a time."""
    factory = Factory()
    for begin in range(0, accounts, 10):
        users = [factory.user() for _ in range(min(10, accounts - begin))]
        for user in users:
            while user.version < events_each:
                user.end_sessions(factory.now())
        save(service.store, *users)
