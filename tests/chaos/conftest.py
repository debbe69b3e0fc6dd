import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.contracts.sql_stores import quick_directory
from tests.servers.mongo import MongoServer
from tests.servers.postgres import temporary_database
from tests.servers.processes import without_coverage


@pytest.fixture(autouse=True)
def _without_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no coverage in processes: it slows their start, and a killed process reports none."""
    for name in os.environ.keys() - without_coverage().keys():
        monkeypatch.delenv(name)


@pytest.fixture(params=["postgresql", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sqlite", "mongodb"))])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the `store` setting of a store that processes share."""
    if request.param == "sqlite":
        with TemporaryDirectory(dir=quick_directory(tmp_path)) as folder:
            yield f"sqlite:///{folder}/hexaccount.db"
    elif request.param == "mongodb":
        # By default the transactions of a killed relay stay open for a minute, and block the other relays.
        with MongoServer(quick_directory(tmp_path), transaction_lifetime=1) as server:
            yield f"mongodb://127.0.0.1:{server.port}/chaos?directConnection=true"
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield url
