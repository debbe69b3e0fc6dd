from collections.abc import Iterator
from contextlib import contextmanager

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.store import SchemaTooNew, SchemaTooOld
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import migrate
from hexaccount_sql.record_tables import metadata_of
from hexaccount_sql.schema import SUPPORTED_VERSIONS
from hexaccount_sql.schema_version import version_of

_VERSION_TABLE = {"alembic_version"}
_LOCK_TABLE = {"migration_lock"}


def test_a_schema_goes_up_stays_goes_down_and_up_again(blank_url: str, two_versions: tuple[str, ...]) -> None:
    assert migrate(blank_url) == migrate(blank_url) == two_versions[-1]
    up = tables(blank_url)
    assert migrate(blank_url, "base") == "base"
    assert tables(blank_url) == _VERSION_TABLE
    assert migrate(blank_url, "base") == "base"
    assert migrate(blank_url) == two_versions[-1]
    assert tables(blank_url) == up == {*metadata_of(record_schema()).tables, *_VERSION_TABLE}


def test_the_migrated_tables_are_those_of_the_code(blank_url: str) -> None:
    migrate(blank_url)
    with connected(blank_url) as connection:
        # On SQLite Alembic compares the spelling of defaults only; the next test compares the DDL.
        options = {
            "compare_type": True,
            "compare_server_default": connection.dialect.name == "postgresql",
            "include_name": lambda name, kind, _: kind != "table" or name not in _VERSION_TABLE | _LOCK_TABLE,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata_of(record_schema())) == []


def test_migrated_constraints_and_indexes_are_those_of_the_code(blank_url: str) -> None:
    migrate(blank_url)
    migrated = constraints(blank_url)
    migrate(blank_url, "base")
    with connected(blank_url) as connection:
        metadata_of(record_schema()).create_all(connection)
    assert migrated == constraints(blank_url)
    for name in ("users_name_key", "users_email_key", "journal_id", "deliveries_pending"):
        assert name in str(migrated)


def test_the_newest_supported_version_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "hexaccount_sql:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert [version_of(head).number for head in scripts.get_heads()] == [SUPPORTED_VERSIONS[-1]]
    assert set(SUPPORTED_VERSIONS) <= {version_of(script.revision).number for script in scripts.walk_revisions()}


@pytest.mark.parametrize(("fails_at", "table"), [("create_table", "inbox"), ("drop_table", "users")])
def test_a_failed_migration_changes_nothing(
    blank_url: str, monkeypatch: pytest.MonkeyPatch, fails_at: str, table: str
) -> None:
    target = "0001" if fails_at == "create_table" else "base"
    if target == "base":
        migrate(blank_url, "0001")
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
    assert bool(tables(blank_url)) == (target == "base")
    migrate(blank_url, target)


@pytest.mark.parametrize("action", ["check", "migrate"])
def test_a_schema_that_no_longer_serves_this_version_is_refused_with_the_remedy(store: SqlStore, action: str) -> None:
    set_revision(store._url, "9999_serves_9998")
    before = constraints(store._url)
    with pytest.raises(
        SchemaTooNew, match=r"version 9999 and serves a hexaccount that knows 9998; .*: install the one"
    ):
        getattr(store, action)()
    assert constraints(store._url) == before


def test_a_schema_that_a_later_version_has_added_to_is_served_and_left_alone(store: SqlStore) -> None:
    set_revision(store._url, f"9999_serves_{SUPPORTED_VERSIONS[-1]}")
    store.check()
    assert store.migrate() == "9999"
    assert not store.is_behind()


def test_a_schema_older_than_the_oldest_supported_version_is_refused_with_the_remedy(store: SqlStore) -> None:
    set_revision(store._url, "0000")
    with pytest.raises(SchemaTooOld, match=r"version 0000, this hexaccount needs 0001"):
        store.check()


def test_every_supported_version_is_served_and_an_older_one_is_behind(
    store: SqlStore, two_versions: tuple[str, ...]
) -> None:
    for version in reversed(two_versions):
        migrate(store._url, version)
        store.check()
        assert store.is_behind() == (version != two_versions[-1])


def set_revision(url: str, revision: str) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


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
        return set(sa.inspect(connection).get_table_names()) - _LOCK_TABLE


def constraints(url: str) -> set[tuple[str, str]]:
    """Return indexes and constraints with the database's DDL."""
    queries = {
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "sqlite": "SELECT name, coalesce(sql, '') FROM sqlite_master",
    }
    with connected(url) as connection:
        found = connection.execute(sa.text(queries[connection.dialect.name])).all()
    return {(name, text) for name, text in found if "alembic" not in name and "migration_lock" not in name}
