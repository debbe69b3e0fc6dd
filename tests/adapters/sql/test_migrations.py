from collections.abc import Iterator
from contextlib import contextmanager

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hexaccount.store_kit.store import SchemaTooNew, SchemaTooOld
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import migrate
from hexaccount_sql.schema import SUPPORTED_VERSIONS, metadata

_NOTES = {"alembic_version", "schema_revision"}


def test_a_schema_goes_up_stays_goes_down_and_up_again(blank_url: str) -> None:
    assert migrate(blank_url) == migrate(blank_url) == SUPPORTED_VERSIONS[-1]
    up = tables(blank_url)
    assert migrate(blank_url, "base") == "base"
    assert tables(blank_url) == _NOTES
    assert migrate(blank_url, "base") == "base"
    assert migrate(blank_url) == SUPPORTED_VERSIONS[-1]
    assert tables(blank_url) == up == {*metadata.tables, *_NOTES}


def test_the_migrated_schema_is_the_one_that_the_code_uses(blank_url: str) -> None:
    migrate(blank_url)
    with connected(blank_url) as connection:
        # Of SQLite's defaults Alembic compares the spelling; the next test compares those.
        options = {
            "compare_type": True,
            "compare_server_default": connection.dialect.name == "postgresql",
            "include_name": lambda name, kind, _: kind != "table" or name not in _NOTES,
        }
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
    assert (tables(blank_url) == set()) == (target == "0001")
    migrate(blank_url, target)


@pytest.mark.parametrize("deed", ["check", "migrate"])
def test_a_schema_that_has_lost_what_this_version_needs_is_refused_with_the_remedy(store: SqlStore, deed: str) -> None:
    mark(store._url, version="9999", serves="9998")
    before = constraints(store._url)
    with pytest.raises(
        SchemaTooNew, match=r"version 9999 and serves a hexaccount that knows 9998; .*: install the one"
    ):
        getattr(store, deed)()
    assert constraints(store._url) == before


def test_a_schema_that_a_later_version_has_added_to_is_served_and_left_alone(store: SqlStore) -> None:
    mark(store._url, version="9999", serves=SUPPORTED_VERSIONS[-1])
    store.check()
    assert store.migrate() == "9999"
    assert not store.is_behind()


def test_a_schema_of_before_the_oldest_supported_version_is_refused_with_the_remedy(store: SqlStore) -> None:
    mark(store._url, version="0000", serves="0000")
    with pytest.raises(SchemaTooOld, match=r"version 0000, this hexaccount needs 0001; run `hexaccount migrate`"):
        store.check()


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_every_supported_version_is_served_and_what_is_behind_says_so(store: SqlStore, version: str) -> None:
    migrate(store._url, version)
    store.check()
    assert store.is_behind() == (version != SUPPORTED_VERSIONS[-1])


def test_a_schema_of_the_first_release_which_kept_a_single_note_is_taken_over(blank_url: str) -> None:
    migrate(blank_url, "0001")
    with connected(blank_url) as connection:
        connection.execute(sa.text("DROP TABLE schema_revision"))
    assert migrate(blank_url) == SUPPORTED_VERSIONS[-1]
    with connected(blank_url) as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == ["0001"]


def mark(url: str, *, version: str, serves: str) -> None:
    """Have a database say this of its schema."""
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE schema_revision SET version_num = :version"), {"version": version})
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :serves"), {"serves": serves})


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
