"""Fixtures for pytest; each imports what it needs, so that tests which use none of them wait for nothing.

To change the settings of the service, define a fixture `hexaccount_settings` in the tests.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hexaccount.bootstrap.service import Service
    from hexaccount.bootstrap.settings import Settings
    from hexaccount.testing.adjustable_clock import AdjustableClock
    from hexaccount.testing.api_client import ApiClient
    from hexaccount.testing.people import People, Person
    from hexaccount.testing.published_events import PublishedEvents


@pytest.fixture
def hexaccount_settings() -> "Settings":
    """Give the settings of a service in memory, with quick hashes and rate limits that no test meets by accident."""
    from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings

    return Settings(
        store="memory://",
        jwt=JwtSettings(key="a key for tests, which is long enough"),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(factor=1000),
    )


@pytest.fixture
def hexaccount_clock() -> "AdjustableClock":
    """Give the clock of the service, which stands still until a test calls `advance(hours=1)`."""
    from hexaccount.testing.adjustable_clock import AdjustableClock

    return AdjustableClock()


@pytest.fixture
def _hexaccount_published() -> "PublishedEvents":
    from hexaccount.testing.published_events import PublishedEvents

    return PublishedEvents()


@pytest.fixture
def hexaccount_service(
    hexaccount_settings: "Settings", hexaccount_clock: "AdjustableClock", _hexaccount_published: "PublishedEvents"
) -> "Iterator[Service]":
    """Give a running service with its metrics; `service.bus.handle` takes messages. No thread delivers events."""
    from hexaccount.bootstrap.service import open_service

    publishers = [_hexaccount_published.subscriber]
    with open_service(hexaccount_settings, clock=hexaccount_clock, publishers=publishers, measured=True) as service:
        service.subscribe()
        yield service


@pytest.fixture
def hexaccount_events(
    hexaccount_service: "Service", _hexaccount_published: "PublishedEvents"
) -> Callable[[], list[dict[str, Any]]]:
    """Give a function that delivers what is pending, and returns all published events as CloudEvents in JSON."""
    return lambda: _hexaccount_published.after_delivery(hexaccount_service)


@pytest.fixture
def hexaccount_client(hexaccount_service: "Service") -> "ApiClient":
    """Give an HTTP client that is not signed in."""
    from hexaccount.testing.api_client import ApiClient

    return ApiClient(hexaccount_service)


@pytest.fixture
def hexaccount_people(hexaccount_service: "Service") -> "People":
    """Give what registers users and logs them in: `people.register("juliet").client.get("/api/v1/me")`."""
    from hexaccount.testing.people import People

    return People(hexaccount_service)


@pytest.fixture
def hexaccount_user(hexaccount_people: "People") -> "Person":
    """Give a registered user with a session."""
    return hexaccount_people.register("juliet")


@pytest.fixture
def hexaccount_admin(hexaccount_people: "People") -> "Person":
    """Give a registered admin with a session."""
    return hexaccount_people.register("admin", role="admin")
