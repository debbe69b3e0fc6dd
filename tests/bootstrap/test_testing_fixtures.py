"""The pytest plug-in of the package, which is loaded where that is installed."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, SessionSettings, Settings
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount.testing.api_client import ApiClient
from hexaccount.testing.people import People, Person
from tests.servers.processes import without_coverage
from tests.signing_key import SIGNING_KEY


def test_a_user_is_signed_in_and_a_client_is_not(hexaccount_user: Person, hexaccount_client: ApiClient) -> None:
    assert hexaccount_user.client.get("/api/v1/me").json["data"]["id"] == str(hexaccount_user.id)
    assert hexaccount_client.get("/api/v1/me").status_code == 401


def test_an_admin_sees_everyone(hexaccount_admin: Person, hexaccount_people: People) -> None:
    hexaccount_people.register("romeo", first_name="Romeo", password="a password of Romeo's")
    listed = hexaccount_admin.client.get("/api/v1/users").json["data"]
    assert {user["user_name"]: user["first_name"] for user in listed} == {"admin": "Juliet", "romeo": "Romeo"}


def test_time_passes_only_when_a_test_says_so(hexaccount_user: Person, hexaccount_clock: AdjustableClock) -> None:
    hexaccount_clock.advance(minutes=14)
    assert hexaccount_user.client.get("/api/v1/me").status_code == 200
    hexaccount_clock.advance(minutes=2)
    assert hexaccount_user.client.get("/api/v1/me").status_code == 401


def test_events_are_delivered_and_returned_in_order(
    hexaccount_user: Person, hexaccount_events: Callable[[], list[dict[str, Any]]]
) -> None:
    assert [event["type"] for event in hexaccount_events()] == [
        "hexaccount.user.registered.v1",
        "hexaccount.session.opened.v1",
        "hexaccount.profile.created.v1",
    ]
    hexaccount_user.client.delete("/api/v1/me/sessions")
    assert {event["subject"] for event in hexaccount_events()} == {str(hexaccount_user.id)}


class TestOtherSettings:
    @pytest.fixture
    def hexaccount_settings(self) -> Settings:
        return Settings(
            store="memory://",
            jwt=JwtSettings(key=SIGNING_KEY),
            password=PasswordSettings(cost=4),
            session=SessionSettings(access_lifetime=60),
        )

    def test_a_fixture_of_the_tests_replaces_the_settings(self, hexaccount_service: Service) -> None:
        assert hexaccount_service.container.lifetimes().access == timedelta(minutes=1)


def test_the_plug_in_imports_nothing_of_the_service() -> None:
    program = "import sys; import hexaccount.testing.pytest_plugin; print(*sys.modules)"
    finished = subprocess.run(
        [sys.executable, "-c", program], env=without_coverage(), capture_output=True, text=True, check=True
    )
    ours = {name for name in finished.stdout.split() if name.startswith("hexaccount")}
    assert ours == {"hexaccount", "hexaccount.testing", "hexaccount.testing.pytest_plugin"}
