"""The store on PostgreSQL and SQLite, with SQLAlchemy Core."""

from hexaccount_sql.store import SqlStore
from hexaccount_sql.urls import check_options

__all__ = ["SqlStore", "check_options"]
