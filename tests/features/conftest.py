import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, RelaySettings, Settings
from hexaccount.events.async_api import async_api
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_sql.migration import migrate
from tests.contracts.mongo_stores import empty_collections, migrated_database
from tests.contracts.sql_stores import empty_database
from tests.event_check import EventCheck
from tests.features.context import BddContext
from tests.features.receiver import RECEIVER, Receiver
from tests.servers.postgres import temporary_database

EVENTS = EventCheck(async_api())


def pytest_configure(config: pytest.Config) -> None:
    """Load the steps as plugins: pytest-bdd does not find those that a module imports."""
    for module in sorted(Path(__file__).parent.glob("steps_*.py")):
        config.pluginmanager.import_plugin(f"tests.features.{module.stem}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("store_kind", metafunc.config.getoption("--store") or ["memory"], indirect=True)


@pytest.fixture(autouse=True)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Return one of the stores that `--store` names; autouse, as pytest cannot see the fixtures of a step."""
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    with temporary_database(postgres_server) as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def migrated_mongo(mongo_server: str) -> Iterator[str]:
    with migrated_database(mongo_server) as url:
        yield url


@pytest.fixture
def store_url(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the setting `store` for an empty store with a schema."""
    match store_kind:
        case "sqlite":
            return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_file'), tmp_path / 'hexaccount.db')}"
        case "postgresql":
            url: str = request.getfixturevalue("migrated_postgres")
            empty_database(url)
            return url
        case "mongodb":
            url = request.getfixturevalue("migrated_mongo")
            empty_collections(url)
            return url
        case _:
            return "memory://"


@pytest.fixture
def bdd_context(store_url: str, store_kind: str, request: pytest.FixtureRequest) -> Iterator[BddContext]:
    settings = Settings(
        store=store_url,
        cache=request.getfixturevalue("redis_url") if store_kind.endswith("+redis") else None,
        jwt=JwtSettings(key="the key of the features, which is long enough"),
        password=PasswordSettings(cost=4),
        relay=RelaySettings(attempts=3),
        roles={"helper": [READ_SESSIONS]},
    )
    clock, receiver = AdjustableClock(), Receiver()
    with open_service(settings, clock=clock, publishers=[PublishingSubscriber(RECEIVER, receiver)]) as service:
        service.subscribe()
        context = BddContext(service, clock, receiver)
        yield context
    assert context.refusal is None, f"no step expects this refusal: {context.refusal}"
    assert EVENTS.faults_of(receiver.published) == []
