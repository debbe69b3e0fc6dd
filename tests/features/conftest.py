from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, MailSettings, PasswordSettings, RelaySettings, Settings
from hexaccount.events.async_api import async_api
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_sql import SqlStore
from tests.contracts.mongo_stores import SharedMongoStore, empty_collections
from tests.contracts.mongo_stores import migrated_database as migrated_mongo_database
from tests.contracts.sql_stores import (
    KeptSqlStore,
    SharedSqlStore,
    empty_migrated_database,
    migrated_database,
    new_file,
)
from tests.event_check import EventCheck
from tests.features.context import BddContext
from tests.features.receiver import RECEIVER, Receiver

EVENTS = EventCheck(async_api())


def pytest_configure(config: pytest.Config) -> None:
    """Load the steps as plugins: pytest-bdd does not find those that a module imports."""
    for module in sorted(Path(__file__).parent.glob("steps_*.py")):
        config.pluginmanager.import_plugin(f"tests.features.{module.stem}")
    # The package has a function of the same name as this module.
    scenarios = import_module("pytest_bdd.scenario")
    scenarios.find_fixturedefs_for_step = _once_for_each_text(scenarios.find_fixturedefs_for_step)


def _once_for_each_text(find: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
    """Look for a step once, not in each scenario among the fixtures of all tests: as plugins, all scenarios see it."""
    found: dict[tuple[str, str], list[Any]] = {}

    def find_once(*, step: Any, **where: Any) -> list[Any]:
        if (step.type, step.name) not in found:
            found[step.type, step.name] = list(find(step=step, **where))
        return found[step.type, step.name]

    return find_once


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("store_kind", metafunc.config.getoption("--store") or ["memory"], indirect=True)


@pytest.fixture(autouse=True)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Return one of the stores that `--store` names; autouse, as pytest cannot see the fixtures of a step."""
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def shared_connections() -> Iterator[None]:
    """Have services share engines and clients, which so compile each statement once, and not for each scenario."""

    def open_shared(url: str, **parts: Any) -> SqlStore:
        return (KeptSqlStore if url.startswith("postgresql:") else SharedSqlStore)(url, **parts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hexaccount_sql.SqlStore", open_shared)
        patch.setattr("hexaccount_mongo.MongoStore", SharedMongoStore)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    with migrated_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_mongo(mongo_server: str) -> Iterator[str]:
    with migrated_mongo_database(mongo_server) as url:
        yield url


@pytest.fixture
def store_url(store_kind: str, request: pytest.FixtureRequest) -> str:
    """Return the setting `store` for an empty store with a schema."""
    match store_kind:
        case "sqlite":
            return new_file(request.getfixturevalue("folder"), request.getfixturevalue("migrated_file"))
        case "postgresql":
            url: str = request.getfixturevalue("migrated_postgres")
            empty_migrated_database(url)
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
        mail=MailSettings(url="memory://", link_base="https://accounts.example.org/account"),
    )
    clock, receiver = AdjustableClock(), Receiver()
    with open_service(settings, clock=clock, publishers=[PublishingSubscriber(RECEIVER, receiver)]) as service:
        service.subscribe()
        context = BddContext(service, clock, receiver)
        yield context
    assert context.refusal is None, f"no step expects this refusal: {context.refusal}"
    assert EVENTS.faults_of(receiver.published) == []
