"""Runs a step on the connection, and in the transaction if any, that `hexaccount_sql.migration` has opened."""

from alembic import context

from hexaccount_sql.schema_mark import REVISION_TABLE

context.configure(
    connection=context.config.attributes["connection"], transactional_ddl=False, version_table=REVISION_TABLE
)
context.run_migrations()
