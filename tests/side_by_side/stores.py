"""The stores that are compared, empty again for each run."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql.migration import migrate
from hexaccount_system import Uuid7Identifiers
from tests.contracts.mongo_stores import empty_collections, open_mongo_store
from tests.contracts.sql_stores import empty_database, quick_directory
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database


class Stores:
    """Gives URLs of empty, migrated stores; those given before are not to be used any more."""

    def __init__(self, directory: Path, postgresql: str, mongodb: str) -> None:
        self._directory = directory
        self._postgresql = postgresql
        self._mongodb = mongodb
        self._numbers = count()
        self._template = directory / "template.db"
        migrate(f"sqlite:///{self._template}")
        migrate(postgresql)
        store = open_mongo_store(
            mongodb, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:side-by-side"), record_schema()
        )
        store.migrate()
        store.close()

    def fresh(self) -> Mapping[str, str]:
        file = self._directory / f"{next(self._numbers)}.db"
        shutil.copy(self._template, file)
        empty_database(self._postgresql)
        empty_collections(self._mongodb)
        return {
            "memory": "memory://",
            "sqlite": f"sqlite:///{file}",
            "postgresql": self._postgresql,
            "mongodb": self._mongodb,
        }


@contextmanager
def running_stores(directory: Path, postgres_server: str, mongo_server: str) -> Iterator[Stores]:
    """Make the databases, and remove them in the end."""
    with (
        TemporaryDirectory(dir=quick_directory(directory)) as files,
        temporary_database(postgres_server) as postgresql,
        temporary_mongo_database(mongo_server) as mongodb,
    ):
        yield Stores(Path(files), postgresql, mongodb)
