"""The versions of the schema and the steps between them, run by Alembic."""
