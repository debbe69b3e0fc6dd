from datetime import UTC, datetime

from hexaccount_mongo.connections import open_database


def server_time(url: str) -> datetime:
    """Return the time by the clock of a MongoDB; raises StoreUnavailable."""
    database = open_database(url)
    try:
        with database.reached():
            found: datetime = database.hello()["localTime"]
            return found.replace(tzinfo=UTC)  # commands on no database of ours have the driver's usual codec
    finally:
        database.close()
