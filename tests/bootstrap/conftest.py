import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bootstrap.planted_packages import PlantedPackages, planted_packages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def listening() -> Iterator[Callable[[], int]]:
    """Return a function that opens a port which accepts connections and never answers."""
    sockets = []

    def listen() -> int:
        sockets.append(socket.create_server(("127.0.0.1", 0)))
        return int(sockets[-1].getsockname()[1])

    yield listen
    for each in sockets:
        each.close()


@pytest.fixture
def planted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlantedPackages]:
    site = folder / "site"
    site.mkdir()
    with planted_packages(site, monkeypatch) as packages:
        yield packages
