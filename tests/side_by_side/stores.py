"""The stores that are compared, empty again for each run."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hexaccount_sql.migration import migrate
from tests.contracts.mongo_stores import empty_collections, migrated_database
from tests.contracts.sql_stores import empty_database, quick_directory
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
        migrated_database(mongo_server) as mongodb,
    ):
        yield Stores(Path(files), postgresql, mongodb)
