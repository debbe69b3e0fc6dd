"""Bringing a database's schema to this version, and telling which version it has."""

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from hexaccount.application.ports.store import SchemaMismatch
from hexaccount_sql.connections import open_engine, store_errors
from hexaccount_sql.schema import SUPPORTED_VERSIONS

# An arbitrary number that everybody who migrates this schema takes as a lock: "hexa" in ASCII.
_LOCK = 0x68657861


def migrate(url: str, revision: str = "head") -> str:
    """Bring the schema up, or down, to a revision, in one transaction; two who do so at once wait for each other."""
    from alembic import command  # noqa: PLC0415 - Alembic is heavy, and most processes never migrate
    from alembic.config import Config  # noqa: PLC0415 - Alembic is heavy, and most processes never migrate
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - Alembic is heavy, and most processes never migrate

    config = Config()
    config.set_main_option("script_location", "hexaccount_sql:migrations")
    engine = open_engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        _make_private(Path(engine.url.database))
    try:
        with store_errors(), engine.connect() as connection:
            postgresql = engine.dialect.name == "postgresql"
            connection.exec_driver_sql("BEGIN" if postgresql else "BEGIN IMMEDIATE")
            if postgresql:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            config.attributes["connection"] = connection
            current = _version(connection) or "base"
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if current not in {"base", *known}:
                raise _mismatch(current)
            step = command.downgrade if _is_below(revision, current) else command.upgrade
            step(config, revision)
            connection.exec_driver_sql("COMMIT")
            return _version(connection) or "base"
    finally:
        engine.dispose()


def _make_private(file: Path) -> None:
    """Make an empty database that none but its owner reads; SQLite makes its other files like it."""
    with suppress(OSError):  # it is there, or opening it says what is wrong
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def check_schema(engine: sa.Engine) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with store_errors(), engine.connect() as connection:
        version = _version(connection)
    if version is None:
        raise SchemaMismatch("the database has no schema yet; run `hexaccount migrate`")
    if version not in SUPPORTED_VERSIONS:
        raise _mismatch(version)


def _mismatch(version: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"the database's schema is version {version}, this hexaccount serves {', '.join(SUPPORTED_VERSIONS)}; "
        "run `hexaccount migrate` of the newest version that runs on this database"
    )


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _is_below(revision: str, current: str) -> bool:
    # Revisions are numbered, so that their order is that of their names.
    return revision == "base" or (revision != "head" and current != "base" and revision < current)
