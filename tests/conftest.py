import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexaccount_sql.migration import migrate
from tests.servers.authority import Authority
from tests.servers.kafka import running_kafka, temporary_topic
from tests.servers.mongo import running_mongo
from tests.servers.postgres import running_postgres
from tests.servers.redis import client, running_redis

pytest_plugins = ["tests.canary.plugin", "tests.documented.plugin"]
# They need what `tox -e build` has built, and an environment without the package.
collect_ignore = ["release"]

STORES = ("memory", "memory+redis", "sqlite", "postgresql", "mongodb")


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
    parser.addoption(
        "--store", action="append", choices=STORES, help="a store on which the features run; may be repeated"
    )


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a PostgreSQL server that runs until the end of the tests."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a migrated SQLite database, to copy."""
    file = tmp_path_factory.mktemp("migrated") / "hexaccount.db"
    migrate(f"sqlite:///{file}")
    return file


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
