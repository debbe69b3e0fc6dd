import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.postgres import PostgresServer, create_database
from tests.servers.postgres_binaries import find_binaries


@pytest.fixture(scope="session")
def hidden_binaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a PostgreSQL that is installed below a folder that only its owner can enter, as in a home directory."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(find_binaries(None).parent, home / "pginstall", copy_function=_link)
    home.chmod(0o700)
    yield home / "pginstall" / "bin"
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, hidden_binaries: Path) -> Iterator[PostgresServer]:
    directory = tmp_path_factory.mktemp("postgres")
    with PostgresServer(
        directory, durable=True, settings={"max_connections": "17"}, binaries=hidden_binaries
    ) as server:
        yield server


@pytest.fixture
def server(shared_server: PostgresServer) -> PostgresServer:
    """Return a running server, even if the previous test has stopped it."""
    if not shared_server.running:
        shared_server.start()
    return shared_server


@pytest.fixture(scope="session")
def database(shared_server: PostgresServer) -> str:
    """Return a database that all tests share, with different tables."""
    return create_database(shared_server.url)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, target)
