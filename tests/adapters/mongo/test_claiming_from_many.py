"""A claim reads the first due deliveries only, even if all belong to one aggregate."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pymongo.database import Database

from hexaccount_mongo import MongoStore
from tests.plans.mongodb import plan_of, sent_commands

_MANY = 1_000
_ONE = UUID(int=0)
_NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """Give the list of commands of stores that are opened from now on."""
    with sent_commands() as sent:
        yield sent


@pytest.mark.parametrize("accounts", [1, _MANY])
def test_a_claim_of_due_deliveries_reads_the_first_ones_only(
    sent: list[dict[str, Any]], store: MongoStore, database: Database[dict[str, Any]], accounts: int
) -> None:
    database["deliveries"].insert_many([delivery(n, UUID(int=n % accounts)) for n in range(1, _MANY + 1)])
    database["journal"].insert_many([entry(n, UUID(int=n % accounts)) for n in range(1, _MANY + 1)])
    sent.clear()
    claimed = store.outbox.claim("s", limit=10, now=_NOW, lease=timedelta(seconds=30)).deliveries
    assert [delivered.entry.id for delivered in claimed] == [UUID(int=n) for n in range(1, 11)]
    (heads,) = (command for command in sent if "aggregate" in command)
    database["deliveries"].update_many({}, {"$set": {"lease": None, "available_at": datetime(1970, 1, 1, tzinfo=UTC)}})
    assert 10 <= reads_of(plan_of(database, heads)) < _MANY / 2


def delivery(number: int, aggregate_id: UUID) -> dict[str, Any]:
    return {
        "subscriber": "s", "event_id": UUID(int=number), "aggregate": "user", "aggregate_id": aggregate_id,
        "sequence": number, "attempts": 0, "available_at": datetime(1970, 1, 1, tzinfo=UTC), "lease": None,
        "dead_letter": False, "error": "",
    }  # fmt: skip


def entry(number: int, aggregate_id: UUID) -> dict[str, Any]:
    return {
        "_id": UUID(int=number), "aggregate": "user", "aggregate_id": aggregate_id, "sequence": number, "type": "t",
        "source": "urn:s", "subject": aggregate_id, "time": _NOW, "dataschema": "urn:d", "actor": "service",
        "data": {},
    }  # fmt: skip


def reads_of(plan: Any) -> int:
    """Return how many index keys all parts of a plan have examined."""
    match plan:
        case Mapping():
            return int(plan.get("totalKeysExamined", 0)) + sum(map(reads_of, plan.values()))
        case list():
            return sum(map(reads_of, plan))
        case _:
            return 0
