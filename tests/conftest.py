import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hexaccount.application.recorder import Recorder
from hexaccount_sql.migration import migrate
from hexaccount_system import Uuid7Identifiers
from tests.contracts.mongo_stores import empty_collections, open_mongo_store
from tests.contracts.sql_stores import empty_database
from tests.servers.authority import Authority
from tests.servers.kafka import running_kafka, temporary_topic
from tests.servers.mongo import running_mongo, temporary_mongo_database
from tests.servers.postgres import running_postgres, temporary_database
from tests.servers.redis import client, running_redis

pytest_plugins = ["tests.canary.plugin", "tests.documented.plugin"]
# They need what `tox -e build` has built, and an environment without the package.
collect_ignore = ["release"]

STORES = ("memory", "sqlite", "postgresql", "mongodb")


# In memory, where there is such a place: no server and no store of the tests then waits for a disk.
if Path("/dev/shm").is_dir():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that tests start be interrupted, as those of a terminal are."""
    if hasattr(config, "workerinput"):
        # pytest-xdist's processes ignore SIGINT, and what they start would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process waits for another's last module."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=STORES, default="memory", help="the store on which the features run")
    parser.addoption("--cache", choices=("none", "redis"), default="none", help="the cache with which the features run")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a PostgreSQL server that runs until the end of the tests."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a MongoDB server that runs until the end of the tests."""
    with running_mongo(tmp_path_factory.mktemp("mongo")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Redis that runs until the end of the tests."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Kafka broker that runs until the end of the tests."""
    with running_kafka(tmp_path_factory.mktemp("kafka")) as url:
        yield url


@pytest.fixture
def kafka_topic(kafka_server: str) -> Iterator[str]:
    """Give the URL of a topic of four partitions that is empty, and is deleted after the test."""
    with temporary_topic(kafka_server) as url:
        yield url


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority whose certificates nobody trusts who was not told to."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """Give the URL of a database on Redis that is empty, and is emptied after the test."""
    yield redis_server
    with client(redis_server) as connection:
        connection.flushdb()


@pytest.fixture
def cache_url(request: pytest.FixtureRequest) -> str | None:
    """Give the `cache` setting that `--cache` names."""
    return request.getfixturevalue("redis_url") if request.config.getoption("--cache") == "redis" else None


@pytest.fixture(scope="session")
def feature_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the `store` setting of a migrated store of the kind that `--store` names."""
    match request.config.getoption("--store"):
        case "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('features')}/hexaccount.db"
            migrate(url)
            yield url
        case "postgresql":
            with temporary_database(request.getfixturevalue("postgres_server")) as url:
                migrate(url)
                yield url
        case "mongodb":
            with temporary_mongo_database(request.getfixturevalue("mongo_server")) as url:
                store = open_mongo_store(url, Recorder(Uuid7Identifiers(), "urn:hexaccount:features"))
                store.migrate()
                store.close()
                yield url
        case _:
            yield "memory://"


@pytest.fixture
def store_url(feature_store: str, tmp_path: Path) -> str:
    """Give the `store` setting of a migrated store that is empty."""
    match urlsplit(feature_store).scheme:
        case "sqlite":
            shutil.copy(feature_store.removeprefix("sqlite:///"), tmp_path / "hexaccount.db")
            return f"sqlite:///{tmp_path}/hexaccount.db"
        case "postgresql":
            empty_database(feature_store)
        case "mongodb":
            empty_collections(feature_store)
    return feature_store
