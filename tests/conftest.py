import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.authority import Authority

pytest_plugins = ["tests.selection", "tests.run_checks"]
# They need what `tox -e build` has built, and an environment without the package.
collect_ignore = ["release"]

# In memory, where there is such a place: no server and no store of the tests then waits for a disk.
if Path("/dev/shm").is_dir():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")


def pytest_configure(config: pytest.Config) -> None:
    """Let SIGINT interrupt the processes that tests start: those of pytest-xdist ignore it, as would their children."""
    if hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Have garbage collections skip what is imported and collected: a million objects, which stay until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a PostgreSQL server that runs until the end of the tests."""
    # Inside, as in all fixtures here: the drivers take longer to import than most tests take to run.
    from tests.servers.postgres import running_postgres

    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a migrated SQLite database, to copy."""
    from hexaccount_sql.migration import migrate
    from hexaccount_sql.schema import SUPPORTED_VERSIONS

    file = tmp_path_factory.mktemp("migrated") / "hexaccount.db"
    migrate(f"sqlite:///{file}", SUPPORTED_VERSIONS[-1])
    return file


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a MongoDB server that runs until the end of the tests."""
    from tests.servers.mongo import running_mongo

    with running_mongo(tmp_path_factory.mktemp("mongo")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Redis that runs until the end of the tests."""
    from tests.servers.redis import running_redis

    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """Give the URL of an empty database on Redis, which is emptied after the test."""
    from tests.servers.redis import client

    yield redis_server
    with client(redis_server) as connection:
        connection.flushdb()


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a Kafka broker that runs until the end of the tests."""
    from tests.servers.kafka import running_kafka

    with running_kafka(tmp_path_factory.mktemp("kafka")) as url:
        yield url


@pytest.fixture
def kafka_topic(kafka_server: str) -> Iterator[str]:
    """Give the URL of an empty topic of four partitions, which is deleted after the test."""
    from tests.servers.kafka import temporary_topic

    with temporary_topic(kafka_server) as url:
        yield url


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> "Authority":
    """Give a certificate authority that clients trust only where they are configured to."""
    from tests.servers.authority import Authority

    return Authority(tmp_path_factory.mktemp("authority"))
