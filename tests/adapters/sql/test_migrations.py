from collections.abc import Iterator
from contextlib import contextmanager

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hexaccount.application.ports.store import SchemaMismatch
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import migrate
from hexaccount_sql.schema import SUPPORTED_VERSIONS, metadata


def test_a_schema_goes_up_stays_goes_down_and_up_again(blank_url: str) -> None:
    assert migrate(blank_url) == migrate(blank_url) == SUPPORTED_VERSIONS[-1]
    up = tables(blank_url)
    assert migrate(blank_url, "base") == "base"
    assert tables(blank_url) == {"alembic_version"}
    assert migrate(blank_url, "base") == "base"
    assert migrate(blank_url) == SUPPORTED_VERSIONS[-1]
    assert tables(blank_url) == up == {*metadata.tables, "alembic_version"}


def test_the_migrated_schema_is_the_one_that_the_code_uses(blank_url: str) -> None:
    migrate(blank_url)
    with connected(blank_url) as connection:
        # Of SQLite's defaults Alembic compares the spelling; the next test compares those.
        options = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrated_constraints_and_partial_indexes_are_those_of_the_code(blank_url: str) -> None:
    migrate(blank_url)
    migrated = constraints(blank_url)
    migrate(blank_url, "base")
    with connected(blank_url) as connection:
        metadata.create_all(connection)
    assert migrated == constraints(blank_url)
    for name in ("users_name_key", "users_email_key", "journal_id", "deliveries_owed"):
        assert name in str(migrated)


def test_the_newest_supported_version_is_the_one_that_is_migrated_to() -> None:
    config = Config()
    config.set_main_option("script_location", "hexaccount_sql:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [SUPPORTED_VERSIONS[-1]]
    assert set(SUPPORTED_VERSIONS) <= {script.revision for script in scripts.walk_revisions()}


@pytest.mark.parametrize(("fails_at", "table"), [("create_table", "inbox"), ("drop_table", "users")])
def test_a_migration_that_fails_half_way_leaves_what_was(
    blank_url: str, monkeypatch: pytest.MonkeyPatch, fails_at: str, table: str
) -> None:
    target = "head" if fails_at == "create_table" else "base"
    if target == "base":
        migrate(blank_url)
    before = constraints(blank_url)
    step = getattr(alembic.op, fails_at)

    def failing(name: str, *columns: object, **options: object) -> object:
        made = step(name, *columns, **options)
        if name == table:
            raise RuntimeError("half-way")
        return made

    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, fails_at, failing)
        with pytest.raises(RuntimeError, match="half-way"):
            migrate(blank_url, target)
    assert constraints(blank_url) == before
    assert (tables(blank_url) == set()) == (target == "head")
    migrate(blank_url, target)


@pytest.mark.parametrize("deed", ["check", "migrate"])
def test_a_schema_of_an_unknown_version_is_refused_with_the_remedy(store: SqlStore, deed: str) -> None:
    url = store._url
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = constraints(url)
    with pytest.raises(SchemaMismatch, match=r"version 9999.*run `hexaccount migrate` of the newest version"):
        getattr(store, deed)()
    assert constraints(url) == before


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def tables(url: str) -> set[str]:
    with connected(url) as connection:
        return set(sa.inspect(connection).get_table_names())


def constraints(url: str) -> set[tuple[str, str]]:
    """Return what keeps rows unique or makes them quick to find, by name and in the database's words."""
    words = {
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "sqlite": "SELECT name, coalesce(sql, '') FROM sqlite_master",
    }
    with connected(url) as connection:
        found = connection.execute(sa.text(words[connection.dialect.name])).all()
    return {(name, text) for name, text in found if "alembic" not in name}
