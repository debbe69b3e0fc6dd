"""A MongoDB whose defaults differ from the usual ones: the service sets what it relies on by itself."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from hexaccount.conformance.suites.deliveries import NOW, claim
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save, user_of
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import StoreRefused
from tests.adapters.mongo.conftest import open_store
from tests.plans.mongodb import sent_commands
from tests.servers.mongo import MongoServer, quick_directory, temporary_mongo_database


@pytest.fixture
def foreign_url(tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database of a set of one, by whose default writes wait for two members."""
    with MongoServer(quick_directory(tmp_path)) as server, MongoClient[dict[str, Any]](server.url) as client:
        concerns = {"defaultWriteConcern": {"w": 2, "wtimeout": 500}, "defaultReadConcern": {"level": "available"}}
        client.admin.command("setDefaultRWConcern", **concerns, writeConcern={"w": "majority"})
        yield server.url.replace("/?", "/accounts?")


WRITES = {"insert", "update", "delete", "findAndModify", "create", "collMod", "createIndexes", "dropIndexes"}
READS = {"find", "aggregate", "distinct", "count"}
ENDS = {"commitTransaction", "abortTransaction"}


def test_every_command_names_its_concern_whatever_the_default_of_the_cluster_is(foreign_url: str) -> None:
    factory = Factory()
    with sent_commands() as commands, closing(open_store(foreign_url)) as store:
        store.migrate()
        store.check()
        store.outbox.subscribe("s", ["*"])
        user = factory.user()
        save(store, user, factory.session(user))
        assert user_of(store, user.id).name == user.name
        store.outbox.acknowledge(claim(store, "s"))
        limit = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))
        store.rate_limits.acquire({"key": limit, "other": limit}, NOW)
    names = [next(iter(command)) for command in commands]
    assert {"create", "createIndexes", "insert", "find", "aggregate", "commitTransaction"} <= set(names)
    for name, command in zip(names, commands, strict=True):
        if name in ENDS or "autocommit" not in command:  # those in a transaction have its concerns
            assert name not in WRITES | ENDS or "writeConcern" in command, command
            assert name not in READS or "readConcern" in command, command
        assert "readPreference" not in str(command) or "primary" in str(command["$readPreference"])


def test_a_collection_in_which_different_names_are_the_same_is_refused_with_the_remedy(url: str) -> None:
    with MongoClient[dict[str, Any]](url) as client, temporary_mongo_database(url) as empty:
        name = empty.rpartition("/")[2].partition("?")[0]
        client[name].create_collection("unique_values", collation={"locale": "en", "strength": 2})
        with closing(open_store(empty)) as store:
            with pytest.raises(
                StoreRefused, match=r"unique_values has a collation, by which .*; drop unique_values if"
            ):
                store.migrate()
            client[name].drop_collection("unique_values")
            store.migrate()
