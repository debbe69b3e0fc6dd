"""No migration takes a lock on PostgreSQL that blocks the requests of running servers."""

from collections.abc import Callable, Iterator, Mapping

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from hexaccount.accounts.users import USERS
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import migrate
from hexaccount_sql.record_tables import table_of
from tests.adapters.sql.locking_ddl import refusals
from tests.plans.sql import statements_of
from tests.servers.postgres import temporary_database
from tests.upgrades.planted_migration import VERSIONS, planted_migration

_AS_MIGRATIONS_DO = ["SET lock_timeout = '2s'", "SET statement_timeout = 0"]
_PLANTED = {
    "CREATE INDEX planted ON users (first_name)": "require-concurrent-index-creation",
    "BEGIN; CREATE INDEX CONCURRENTLY planted ON users (first_name); COMMIT": (
        "ban-concurrent-index-creation-in-transaction"
    ),
    "DROP INDEX users_name_key": "require-concurrent-index-deletion",
    "ALTER TABLE users ADD COLUMN planted uuid DEFAULT gen_random_uuid()": "adding-field-with-default",
    "ALTER TABLE users ADD COLUMN planted bigserial": "prefer-identity",
    "ALTER TABLE users ADD COLUMN planted text NOT NULL": "adding-required-field",
    "ALTER TABLE users ALTER COLUMN name SET NOT NULL": "adding-not-nullable-field",
    "ALTER TABLE users ALTER COLUMN epoch TYPE bigint": "changing-column-type",
    "ALTER TABLE sessions ADD CONSTRAINT planted FOREIGN KEY (user_id) REFERENCES users (id)": (
        "adding-foreign-key-constraint"
    ),
    "ALTER TABLE users ADD CONSTRAINT planted CHECK (epoch >= 0)": "constraint-missing-not-valid",
    "ALTER TABLE users ADD CONSTRAINT planted UNIQUE (first_name)": "disallowed-unique-constraint",
    "ALTER TABLE users RENAME COLUMN name TO planted": "renaming-column",
    "ALTER TABLE users RENAME TO planted": "renaming-table",
    "ALTER TABLE users DROP COLUMN first_name": "ban-drop-column",
    "DROP TABLE users": "ban-drop-table",
}
_HARMLESS = [
    "ALTER TABLE users ADD COLUMN planted text",
    "ALTER TABLE users ADD COLUMN planted integer NOT NULL DEFAULT 0",
    "ALTER TABLE users ADD CONSTRAINT planted CHECK (epoch >= 0) NOT VALID",
    "CREATE INDEX CONCURRENTLY planted ON users (first_name)",
]


@pytest.fixture(scope="module")
def sent(postgres_server: str) -> Iterator[Mapping[str, list[str]]]:
    """Give the statements of each migration, run after those before it; the last one is planted."""
    with temporary_database(postgres_server) as url, planted_migration():

        def of(version: str) -> list[str]:
            statements = [statement for statement, _ in statements_of(lambda: migrate(url, version), borders=True)]
            # Statements before it check the version and take the lock on another connection.
            guarded = max(place for place, statement in enumerate(statements) if "migration_lock" in statement)
            return statements[guarded + 1 :]

        yield {version: of(version) for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_no_migration_blocks_running_servers(sent: Mapping[str, list[str]], version: str) -> None:
    assert any("INDEX" in statement for statement in sent[version])
    assert refusals(sent[version]) == []


@pytest.mark.parametrize(("statement", "rule"), _PLANTED.items())
def test_a_blocking_statement_is_refused(statement: str, rule: str) -> None:
    assert rule in refusals([*_AS_MIGRATIONS_DO, statement])


@pytest.mark.parametrize("statement", _HARMLESS)
def test_a_harmless_statement_passes(statement: str) -> None:
    assert refusals([*_AS_MIGRATIONS_DO, statement]) == []


@pytest.mark.parametrize("missing", range(2))
def test_a_migration_without_timeouts_is_refused(missing: int) -> None:
    prepared = [setting for number, setting in enumerate(_AS_MIGRATIONS_DO) if number != missing]
    assert refusals([*prepared, _HARMLESS[0]]) == [["require-lock-timeout", "require-statement-timeout"][missing]]


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (lambda op: op.create_index("planted", "users", ["first_name"]), "require-concurrent-index-creation"),
        (
            lambda op: op.add_column("users", sa.Column("planted", sa.Uuid, server_default=sa.func.gen_random_uuid())),
            "adding-field-with-default",
        ),
        (lambda op: op.alter_column("users", "epoch", type_=sa.BigInteger), "changing-column-type"),
        (
            lambda op: op.create_check_constraint("planted", "users", table_of(USERS).c.epoch >= 0),
            "constraint-missing-not-valid",
        ),
    ],
)
def test_a_blocking_operation_of_alembic_is_refused(
    postgresql_store_url: str, operation: Callable[[Operations], None], rule: str
) -> None:
    engine = open_engine(postgresql_store_url, unbounded=True)
    with engine.connect() as connection:
        sent = statements_of(lambda: operation(Operations(MigrationContext.configure(connection))), borders=True)
    engine.dispose()
    assert rule in refusals([*_AS_MIGRATIONS_DO, *(statement for statement, _ in sent)])
