"""A second migration on every store, planted by the tests, as the product has only one.

Run as a module, this is the console script `hexaccount` with the planted migration: it can migrate to version 0002.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import IndexModel

import hexaccount_mongo.schema
import hexaccount_sql.migrations
import hexaccount_sql.schema
from hexaccount.bootstrap.console import main
from hexaccount_sql import migration_runner

VERSIONS = ("0001", "0002")
INDEX = "journal_planted"


@contextmanager
def planted_migration() -> Iterator[None]:
    """Let SQL and MongoDB stores know a second version, which adds an index of the journal and serves the first."""
    with tempfile.TemporaryDirectory(prefix="hexa-") as folder, pytest.MonkeyPatch.context() as patch:
        migrations = Path(folder, "migrations")
        shutil.copytree(Path(hexaccount_sql.migrations.__file__).parent, migrations)
        shutil.copy(Path(__file__).with_name("v0002_planted.py"), migrations / "versions")
        patch.setattr(migration_runner, "MIGRATIONS", str(migrations))
        patch.setattr(hexaccount_sql.schema, "SUPPORTED_VERSIONS", VERSIONS)
        patch.setattr(hexaccount_mongo.schema, "SUPPORTED_VERSIONS", VERSIONS)
        patch.setattr(hexaccount_mongo.schema, "SERVES", {"0001": "0001", "0002": "0001"})
        journal = hexaccount_mongo.schema.COLLECTIONS["journal"]
        index = IndexModel(["source", "_id"], name=INDEX)
        journal = replace(journal, indexes=[*journal.indexes, index], added_in={INDEX: "0002"})
        patch.setattr(
            hexaccount_mongo.schema, "COLLECTIONS", {**hexaccount_mongo.schema.COLLECTIONS, "journal": journal}
        )
        yield


if __name__ == "__main__":
    with planted_migration():
        main()
