"""Runs a migration on the connection, and in the transaction if any, that `MigrationRunner` has opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
