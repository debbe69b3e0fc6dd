from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from benchmarks.raw_store import Plan, RawStore
from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount_mongo.documents import document_of
from hexaccount_mongo.unique_values import UNIQUE_VALUES, ids_in
from tests.plans.mongodb import NO_PLAN, counts, each_of, plan_of, scans_in, sent_commands

_BATCH = 10_000
_UNIQUE = [rule.field for rule in USERS.unique]


@contextmanager
def open_raw_mongodb(url: str) -> Iterator[RawStore]:
    # The store reads with the read concern `majority`.
    with MongoClient[dict[str, Any]](url, w="majority", uuidRepresentation="standard", tz_aware=True) as client:
        yield RawMongodb(client.get_default_database())


@dataclass
class RawMongodb(RawStore):
    database: Database[dict[str, Any]]
    _reads_before: tuple[int, int] = (0, 0)

    def fill(self, users: Iterable[User]) -> None:
        collection, unique_values = self.database["users"], self.database[UNIQUE_VALUES]
        documents = (document_of(USERS, USERS.dump(user), revision=1) for user in users)
        while batch := list(islice(documents, _BATCH)):
            collection.insert_many(batch, ordered=False)
            ids = ((document["_id"], each) for document in batch for each in ids_in(USERS, _UNIQUE, document))
            unique_values.insert_many([{"_id": each, "key": key} for key, each in ids], ordered=False)
        scans = {"ns": collection.full_name, "planSummary": {"$regex": "COLLSCAN"}}
        self.database.command("profile", 1, filter=scans)
        self._reads_before = self._reads()

    def count(self, kind: str) -> int:
        return self.database[kind].estimated_document_count()

    def plans(self, action: Callable[[], object]) -> list[Plan]:
        with sent_commands() as sent:
            action()
        return [self._plan(each) for command in sent if next(iter(command)) not in NO_PLAN for each in each_of(command)]

    def scans(self) -> int:
        return self.database["system.profile"].count_documents({"ns": self.database["users"].full_name})

    def cached(self) -> str:
        before, after = self._reads_before, self._reads()
        requested, read = after[0] - before[0], after[1] - before[1]
        size = self._cache()["maximum bytes configured"] / 2**20
        statistics = self.database.command("collStats", "users", scale=2**20)
        return (
            f"{1 - read / max(requested, 1):.1%} of {requested} pages in a cache of {size:.0f} MB, users take "
            f"{statistics['size']} MB before compression and {statistics['totalIndexSize']} MB of indexes"
        )

    def _plan(self, command: dict[str, Any]) -> Plan:
        plan = plan_of(self.database, command)
        faults = [f"has a {scan}" for scan in sorted(set(scans_in(str(plan))))]
        if counts(command):
            faults.append("counts")
        read = plan["stages"][0]["$cursor"] if "stages" in plan else plan  # a pipeline reads first
        steps, done = " < ".join(_stages(read["queryPlanner"]["winningPlan"])), read["executionStats"]
        seen = f"{done['totalKeysExamined']} keys and {done['totalDocsExamined']} documents looked at"
        return Plan(f"{steps}: {seen}", tuple(faults))

    def _reads(self) -> tuple[int, int]:
        cache = self._cache()
        return cache["pages requested from the cache"], cache["pages read into cache"]

    def _cache(self) -> Mapping[str, int]:
        found: Mapping[str, int] = self.database.client.admin.command("serverStatus")["wiredTiger"]["cache"]
        return found


def _stages(plan: Mapping[str, Any] | None) -> Iterator[str]:
    while plan:
        plan = plan.get("queryPlan", plan)
        yield f"{plan['stage']} {plan.get('indexName', '')}".strip()
        plan = plan.get("inputStage")
