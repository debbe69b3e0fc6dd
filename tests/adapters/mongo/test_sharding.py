"""Servers of a sharded cluster accept the declared shard keys with the indexes that `migrate` makes."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount_mongo.schema import collections_of
from tests.adapters.mongo.conftest import open_store
from tests.plans.mongodb import sent_commands
from tests.plans.sharding import broken_rules, shard_key_of
from tests.servers.mongo_cluster import Cluster, sharded_cluster

KEYS = {name: each.shard_key for name, each in collections_of(record_schema()).items() if each.shard_key is not None}
ROOT = Path(__file__).parents[3]
_NUMBERS = count()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with sharded_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def database(cluster: Cluster) -> str:
    """Return the name of a migrated database of the cluster."""
    name = f"accounts{next(_NUMBERS)}"
    cluster.create_database(name)
    with closing(open_store(url_of(cluster, name))) as store:
        store.migrate()
    return name


def url_of(cluster: Cluster, database: str) -> str:
    address = cluster.shards[0].address
    assert address is not None
    return f"mongodb://{address[0]}:{address[1]}/{database}?directConnection=true"


def test_every_collection_is_sharded_by_its_declared_key(cluster: Cluster, database: str) -> None:
    for name, key in KEYS.items():
        cluster.shard_collection(database, name, key)
    found = cluster.config["config"]["collections"].find({"_id": {"$regex": f"^{database}\\."}})
    assert {each["_id"].partition(".")[2]: each["key"] for each in found} == KEYS
    # Documents are hashed to both shards at once.
    by_id = {name for name, key in KEYS.items() if key == {"_id": "hashed"}}
    assert set(cluster.shards[1][database].list_collection_names()) == by_id


def test_a_sharded_schema_is_migrated_and_checked(cluster: Cluster, database: str) -> None:
    for name, key in KEYS.items():
        cluster.shard_collection(database, name, key)
    with closing(open_store(url_of(cluster, database))) as store:
        store.migrate()
        store.check()


@pytest.mark.parametrize(("collection", "field"), [("users", "name_key"), ("journal", "sequence")])
def test_another_unique_index_is_refused(cluster: Cluster, database: str, collection: str, field: str) -> None:
    cluster.shards[0][database][collection].create_index(field, unique=True)
    with pytest.raises(OperationFailure, match="Uniqueness can't be maintained unless shard key is a prefix"):
        cluster.shard_collection(database, collection, KEYS[collection])


def test_no_command_of_a_migration_breaks_a_rule(url: str) -> None:
    with sent_commands() as sent, closing(open_store(url)) as store:
        store.migrate()
        store.check()
        store.migrate()
    assert sum("createIndexes" in command for command in sent) > 5
    assert broken_rules(sent) == []


_UNIQUE = {"key": {"name_key": 1}, "name": "n", "unique": True}
_BROKEN: dict[str, tuple[Mapping[str, Any], str]] = {
    "unique index": ({"createIndexes": "users", "indexes": [_UNIQUE]}, "does not begin with the shard key"),
    "update by a look-up": ({"update": "inbox", "updates": [{"q": {"event_id": 1}, "u": {}}]}, "change of one"),
    "update of a range": ({"update": "users", "updates": [{"q": {"_id": {"$gt": 1}}, "u": {}}]}, "change of one"),
    "new key": ({"update": "users", "updates": [{"q": {"_id": 1}, "u": {"$set": {"_id": 2}}}]}, "of a shard key"),
    "upsert of many": ({"update": "users", "updates": [{"q": {}, "u": {}, "multi": True, "upsert": True}]}, "upsert"),
    "removal of the first": ({"delete": "users", "deletes": [{"q": {}, "limit": 1}]}, "removal of one"),
    "found and changed": ({"findAndModify": "deliveries", "query": {"subscriber": "s"}}, "change of one"),
    "incomplete": ({"insert": "deliveries", "documents": [{"subscriber": "s"}]}, "without the shard key"),
    "join in a transaction": ({"aggregate": "users", "pipeline": [], "autocommit": False}, "not in a transaction"),
    "writing pipeline": ({"aggregate": "users", "pipeline": [{"$merge": "profiles"}]}, "it writes"),
    "names at one moment": ({"distinct": "users", "readConcern": {"level": "snapshot"}}, "no snapshot"),
    "unheard of": ({"mapReduce": "users"}, "no rule is known"),
}


@pytest.mark.parametrize(("command", "rule"), _BROKEN.values(), ids=_BROKEN)
def test_a_command_that_a_cluster_refuses_is_seen(command: Mapping[str, Any], rule: str) -> None:
    (found,) = broken_rules([command])
    assert rule in found


def test_only_small_collections_have_no_shard_key() -> None:
    assert [name for name in (*collections_of(record_schema()), "schema") if not shard_key_of(name)] == [
        "subscriptions",
        "schema",
    ]


def test_the_documented_commands_are_those_of_the_declarations() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- shard mongodb -->\n```js\n(.*?)```", text, re.DOTALL)
    commands = [f'sh.shardCollection("hexaccount.{name}", {json.dumps(key)})' for name, key in KEYS.items()]
    assert block.splitlines() == commands
