from datetime import datetime

import sqlalchemy as sa

from hexaccount_sql.connections import open_engine
from hexaccount_sql.errors import store_errors


def server_time(url: str) -> datetime:
    """Return the time by the clock of a PostgreSQL; raises StoreUnavailable."""
    engine = open_engine(url)
    try:
        with store_errors(), engine.connect() as connection:
            found: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
            return found
    finally:
        engine.dispose()
