"""What counts attempts, by the settings."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hexaccount.bootstrap.http import serve_http
from hexaccount.bootstrap.preparation import prepare
from hexaccount.bootstrap.rate_limits import check_counters, check_rate_limits
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import LimitSettings, PasswordSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_click.program import ConfigurationError
from hexaccount_redis import RedisRateLimitStore
from hexaccount_shared_memory import SharedMemoryRateLimitStore
from hexaccount_sql.rate_limits import SqlRateLimitStore
from tests.bootstrap.findings import findings_of, settings_of

pytestmark = pytest.mark.usefixtures("folder")

POSTGRESQL = "postgresql://hexaccount:secret@db.example.org/accounts"
REDIS = "redis://127.0.0.1:1"
HOST = LimitSettings(scope="host")


@pytest.fixture
def open_one() -> Callable[..., Service]:
    return lambda **settings: open_service(settings_of(**settings))


@pytest.mark.parametrize(
    ("settings", "expected", "counted"),
    [
        ({"store": POSTGRESQL}, SqlRateLimitStore, "all processes count together, in the store"),
        ({"store": POSTGRESQL, "cache": REDIS}, RedisRateLimitStore, "all processes count together, in Redis"),
        ({"store": POSTGRESQL, "cache": REDIS, "limits": HOST}, SharedMemoryRateLimitStore, "in hexaccount-data/rate-"),
        (
            {"store": "sqlite:///a.db"},
            SharedMemoryRateLimitStore,
            "the processes of this host count together, in a.db-",
        ),
        ({"store": "sqlite:///a.db", "limits": HOST}, SharedMemoryRateLimitStore, "count together, in a.db-limits"),
        ({"store": "sqlite:///a.db", "cache": REDIS}, RedisRateLimitStore, "all processes count together, in Redis"),
    ],
)
def test_the_settings_say_what_counts_and_the_doctor_shows_it(
    open_one: Callable[..., Service], settings: dict[str, Any], expected: type, counted: str
) -> None:
    assert type(open_one(**settings).container.rate_limits()) is expected
    assert counted in check_rate_limits(settings_of(**settings))[0].message


def test_the_counters_of_a_host_are_one_file_for_a_store_whatever_the_password(
    open_one: Callable[..., Service],
) -> None:
    def file_for(store: str) -> Path:
        counters = open_one(store=store, limits=HOST).container.rate_limits()
        assert isinstance(counters, SharedMemoryRateLimitStore)
        return counters.path

    assert file_for(POSTGRESQL) == file_for(POSTGRESQL.replace("secret", "another"))
    assert file_for(POSTGRESQL) != file_for(POSTGRESQL.replace("accounts", "staging"))


def test_two_services_on_one_sqlite_file_count_together(migrated_file: Path, folder: Path) -> None:
    store, clock = f"sqlite:///{shutil.copy(migrated_file, folder)}", AdjustableClock()
    settings = settings_of(store=store, password=PasswordSettings(cost=4))
    admitted = 0
    with open_service(settings, clock=clock, workers=1) as one, open_service(settings, clock=clock) as other:
        for number in range(8):
            guess = LogIn(user_name="juliet", password="wrong", client_address="192.0.2.7")
            with pytest.raises((WrongCredentials, TooManyAttempts)) as raised:
                (one, other)[number % 2].bus.handle(guess)
            admitted += raised.type is WrongCredentials
    assert admitted == 5


def test_a_host_of_a_store_in_memory_is_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"^limits\.scope: memory:// is one process, which counts alone; leave it"):
        load_settings(None, {"HEXACCOUNT_STORE": "memory://", "HEXACCOUNT_LIMITS__SCOPE": "host"})


def test_the_service_does_not_start_with_a_file_of_something_else(folder: Path) -> None:
    settings = Settings()
    prepare(settings)
    data = folder / "hexaccount-data"
    (data / "hexaccount.db-limits").write_text("notes")
    with pytest.raises(ConfigurationError, match=r"^limits: .*-limits is no file of rate limits .*; move it away"):
        serve_http(settings, host="127.0.0.1", port=0, workers=1, echo=print)
    assert "move it away" in findings_of(settings)["rate limits"].message


def test_a_file_that_others_may_write_is_refused_with_the_remedy(folder: Path) -> None:
    settings = settings_of(store=POSTGRESQL, limits=HOST)
    check_counters(settings)
    (file,) = (folder / "hexaccount-data").iterdir()
    file.chmod(0o606)
    with pytest.raises(SettingsError, match=rf"chmod 604 hexaccount-data/{file.name}"):
        check_counters(settings)


def test_nothing_is_made_where_limits_are_off(folder: Path) -> None:
    settings = settings_of(store=POSTGRESQL, limits=LimitSettings(scope="host", enabled=False))
    check_counters(settings)
    assert check_rate_limits(settings)[0].message == "none: limits.enabled is false"
    assert list(folder.iterdir()) == []
