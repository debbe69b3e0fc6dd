"""The store on PostgreSQL and SQLite, with SQLAlchemy Core."""

from hexaccount_sql.store import SqlStore

__all__ = ["SqlStore"]
