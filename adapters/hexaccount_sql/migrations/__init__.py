"""The migrations, run by `MigrationRunner` with Alembic."""
