"""Accounts whose events relays have to deliver, put there past the bus: no hash is made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.services import KEY
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save


@contextmanager
def publishing_to(database: str, topic: str) -> Iterator[Service]:
    """Open a service whose events are owed to a topic, and which delivers none itself."""
    with open_service(Settings(store=database, events=[topic], jwt=JwtSettings(key=KEY))) as service:
        service.subscribe()
        yield service


def setting_of(topic: str) -> str:
    """Return the setting `events` for a process."""
    return json.dumps([topic])


def fill(service: Service, *, accounts: int, events_each: int) -> None:
    """Commit accounts with this many events each, ten accounts at a time."""
    people = People()
    for begin in range(0, accounts, 10):
        users = [people.user() for _ in range(min(10, accounts - begin))]
        for user in users:
            while user.version < events_each:
                user.end_sessions(people.now())
        save(service.store, *users)
