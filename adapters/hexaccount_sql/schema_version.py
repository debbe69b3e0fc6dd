"""The schema's version, as Alembic's table `alembic_version` holds it.

A revision identifier carries both numbers of a version: `0003_serves_0002` is version 0003, with which code that knows
0002 can serve. `0003` alone serves no code that is older.
"""

import sqlalchemy as sa

from hexaccount.store_kit.schema_version import SchemaVersion

_REVISION = sa.text("SELECT version_num FROM alembic_version")


def version_of(revision: str) -> SchemaVersion:
    """Return what a revision identifier says."""
    number, _, serves = revision.partition("_serves_")
    return SchemaVersion(number, serves or number)


def read_version(connection: sa.Connection) -> SchemaVersion | None:
    """Return the version of a database, None if it has no schema."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(_REVISION).scalar()
    return version_of(revision) if revision else None
