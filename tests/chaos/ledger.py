"""Counts the deliveries of a store with its driver, without the outbox and without claiming any."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from pymongo import MongoClient
from pymongo.collection import Collection

from hexaccount_sql.connections import open_engine
from hexaccount_sql.schema import deliveries


class Ledger(Protocol):
    """The deliveries that were not acknowledged."""

    def pending(self) -> int:
        """Return the number of deliveries."""
        ...

    def claimed(self) -> Mapping[UUID, int]:
        """Return the number of claimed deliveries by the token of an unexpired lease, or 1 by that of a hold."""
        ...

    def orphaned(self, before: Iterable[UUID]) -> int:
        """Return how many claims, among them those holds that were there before, have ended with their processes."""
        ...


# A transaction that changed something and waits for its client: one that holds deliveries.
_HOLDS = sa.text(
    "SELECT CAST(CAST(backend_xid AS text) AS bigint) FROM pg_stat_activity "
    "WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xid IS NOT NULL"
)
_STATUS = sa.text("SELECT pg_xact_status(CAST(CAST(:id AS text) AS xid8))")


@dataclass(frozen=True)
class SqlLedger(Ledger):
    engine: sa.Engine

    def pending(self) -> int:
        with self.engine.connect() as connection:
            found: int = connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar_one()
        return found

    def claimed(self) -> Mapping[UUID, int]:
        held = sa.select(deliveries.c.lease).where(deliveries.c.leased_until > datetime.now(UTC))
        with self.engine.connect() as connection:
            leases = Counter(connection.execute(held).scalars())
            return leases + Counter(UUID(int=transaction) for transaction in self._transactions(connection))

    def orphaned(self, before: Iterable[UUID]) -> int:
        leased = sum(count for token, count in self.claimed().items() if token.int >> 64)
        with self.engine.connect() as connection:
            states = [
                connection.execute(_STATUS, {"id": token.int}).scalar_one() for token in before if not token.int >> 64
            ]
        return leased + states.count("aborted")

    def _transactions(self, connection: sa.Connection) -> Iterable[int]:
        return connection.execute(_HOLDS).scalars() if self.engine.dialect.name == "postgresql" else ()


@dataclass(frozen=True)
class MongoLedger(Ledger):
    deliveries: Collection[dict[str, Any]]

    def pending(self) -> int:
        return self.deliveries.count_documents({})

    def claimed(self) -> Mapping[UUID, int]:
        held = self.deliveries.find({"lease": {"$ne": None}, "available_at": {"$gt": datetime.now(UTC)}}, {"lease": 1})
        return Counter(delivery["lease"] for delivery in held)

    def orphaned(self, before: Iterable[UUID]) -> int:
        return sum(self.claimed().values())


@contextmanager
def open_ledger(url: str) -> Iterator[Ledger]:
    """Open the ledger of the store that a `store` setting names."""
    if urlsplit(url).scheme == "mongodb":
        with MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client:
            yield MongoLedger(client.get_default_database()["deliveries"])
    else:
        engine = open_engine(url)
        yield SqlLedger(engine)
        engine.dispose()
