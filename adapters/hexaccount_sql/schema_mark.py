"""What a database says of its own schema."""

import sqlalchemy as sa

from hexaccount.store_kit.schema_version import SchemaVersion

REVISION_TABLE = "schema_revision"
"""Alembic's table: the last migration that was done."""

_SERVES_TABLE = "alembic_version"
_REVISION = sa.text(f"SELECT version_num FROM {REVISION_TABLE}")  # noqa: S608 - a constant
_SERVES = sa.text(f"SELECT version_num FROM {_SERVES_TABLE}")  # noqa: S608 - a constant


def read_mark(connection: sa.Connection) -> SchemaVersion | None:
    """Return what a database says, None where it has no schema."""
    tables = sa.inspect(connection)
    serves: str | None = connection.execute(_SERVES).scalar() if tables.has_table(_SERVES_TABLE) else None
    if serves is None:
        return None
    version: str | None = connection.execute(_REVISION).scalar() if tables.has_table(REVISION_TABLE) else None
    return SchemaVersion(version or serves, serves)


def write_serves(connection: sa.Connection, version: str | None) -> None:
    """Note the oldest version whose code can serve from now on, None where the schema is gone."""
    if not sa.inspect(connection).has_table(_SERVES_TABLE):
        connection.exec_driver_sql(f"CREATE TABLE {_SERVES_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute(sa.text(f"DELETE FROM {_SERVES_TABLE}"))  # noqa: S608 - a constant
    if version is not None:
        statement = sa.text(f"INSERT INTO {_SERVES_TABLE} (version_num) VALUES (:version)")  # noqa: S608 - a constant
        connection.execute(statement, {"version": version})
