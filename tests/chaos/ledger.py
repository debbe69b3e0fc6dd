"""Counts the deliveries of a store with its driver, without the outbox and without claiming any."""

from collections import Counter
from collections.abc import Iterator, Mapping
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
        """Return the number of claimed deliveries by the token of an unexpired lease."""
        ...


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
            return Counter(connection.execute(held).scalars())


@dataclass(frozen=True)
class MongoLedger(Ledger):
    deliveries: Collection[dict[str, Any]]

    def pending(self) -> int:
        return self.deliveries.count_documents({})

    def claimed(self) -> Mapping[UUID, int]:
        held = self.deliveries.find({"lease": {"$ne": None}, "available_at": {"$gt": datetime.now(UTC)}}, {"lease": 1})
        return Counter(delivery["lease"] for delivery in held)


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
