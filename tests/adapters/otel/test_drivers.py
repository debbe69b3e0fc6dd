"""Spans of commands to real servers of MongoDB and Redis."""

from contextlib import suppress

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis.exceptions import ResponseError

from hexaccount.accounts.get_user import GetUser
from tests.adapters.otel.conftest import Collected
from tests.servers.mongo import temporary_mongo_database
from tests.servers.otlp import attributes_of

SECRET = "what a person has entered"  # no password, which the log of pymongo must not have, either
MESSAGE = GetUser(reference="ann")


def test_a_mongodb_command_inside_a_span_has_a_span_without_values(collected: Collected, mongo_server: str) -> None:
    collected.traces.instrument_pymongo()
    with temporary_mongo_database(mongo_server) as url, MongoClient(url) as client:
        database = client.get_default_database()
        name = database.name

        def work() -> None:
            database["people"].insert_many([{"name": SECRET, "n": number} for number in range(3)])
            assert len(list(database["people"].find({"name": SECRET}, limit=3, batch_size=2))) == 3
            with suppress(OperationFailure):
                database.command("findAndForget", SECRET)

        work()
        collected.traces.messages(MESSAGE, work)
        spans = collected.spans()
        work()
    message, *commands = spans
    assert {command.parent_span_id for command in commands} == {message.span_id}
    attributes = [attributes_of(command) for command in commands]
    assert [command.name for command in commands] == [
        "insert people", "find people", "getMore people", "findAndForget",
    ]  # fmt: skip
    assert attributes[0] == {
        "db.system.name": "mongodb",
        "db.namespace": name,
        "db.operation.name": "insert",
        "db.collection.name": "people",
    }
    assert attributes[-1]["error.type"] == "CommandNotFound"
    assert not [command for command in commands if SECRET in str(command)]


def test_a_redis_command_inside_a_span_has_a_span_without_arguments(collected: Collected, redis_url: str) -> None:
    with collected.traces.redis_client().from_url(redis_url) as client:

        def work() -> None:
            client.set("one", SECRET)
            with pytest.raises(ResponseError):
                client.execute_command("incr", "one")

        work()
        collected.traces.messages(MESSAGE, work)
        work()
    message, stored, counted = collected.spans()
    assert {stored.parent_span_id, counted.parent_span_id} == {message.span_id}
    assert attributes_of(stored) == {"db.system.name": "redis", "db.operation.name": "SET"}
    assert (counted.name, attributes_of(counted)["error.type"]) == ("INCR", "ResponseError")
    assert SECRET not in str(stored)
