"""The schema's version, as Alembic's table `alembic_version` holds it.

A revision identifier carries both numbers of a version: `0003_serves_0002` is version 0003, with which code that knows
0002 can serve. `0003` alone serves no code that is older.
"""

import sqlalchemy as sa

from hexaccount.store_kit.schema_version import SchemaVersion

_REVISION = "SELECT version_num FROM alembic_version"
# In plain SQL: the reflection of SQLAlchemy took a third of the check before the first request.
_TABLES = {
    "postgresql": "SELECT relname FROM pg_catalog.pg_class"
    " WHERE relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid)",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
}


def version_of(revision: str) -> SchemaVersion:
    """Return what a revision identifier says."""
    number, _, serves = revision.partition("_serves_")
    return SchemaVersion(number, serves or number)


def table_names(connection: sa.Connection) -> set[str]:
    """Return the names of the tables that statements reach without naming a schema."""
    return set(connection.exec_driver_sql(_TABLES[connection.dialect.name]).scalars())


def read_version(connection: sa.Connection) -> SchemaVersion | None:
    """Return the version of a database, None if it has no schema."""
    if "alembic_version" not in table_names(connection):
        return None
    revision = connection.exec_driver_sql(_REVISION).scalar()
    return version_of(revision) if revision else None
