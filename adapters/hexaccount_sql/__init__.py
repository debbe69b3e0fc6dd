"""The store on PostgreSQL and SQLite, with SQLAlchemy Core."""

from hexaccount_sql.postgres_url import read_url
from hexaccount_sql.server_time import server_time
from hexaccount_sql.store import SqlStore

__all__ = ["SqlStore", "read_url", "server_time"]
