"""What a sharded cluster accepts: the rules of its documentation, applied to commands as a driver sends them.

https://www.mongodb.com/docs/manual/reference/limits/#sharded-clusters
https://www.mongodb.com/docs/manual/core/transactions-operations/
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bson import SON

from hexaccount_mongo.schema import COLLECTIONS

Command = Mapping[str, Any]

_OF_SNAPSHOTS = {"find", "aggregate"}
_IN_TRANSACTIONS = {
    "abortTransaction", "commitTransaction", "delete", "find", "findAndModify", "getMore", "insert", "update",
}  # fmt: skip


def shard_key_of(collection: str) -> Sequence[str]:
    """Return the fields by which a collection may be sharded, none if it may not be; records are by their key."""
    if collection == "schema":
        return ()
    key = COLLECTIONS[collection].shard_key if collection in COLLECTIONS else {"_id": "hashed"}
    return list(key or ())


def broken_rules(commands: Sequence[Command]) -> list[str]:
    """Return what a sharded cluster would refuse, or not do for one shard only where it must, with its command."""
    return [f"{rule}: {dict(command)}" for command in commands for rule in _broken_by(command)]


def _broken_by(command: Command) -> Iterator[str]:
    name = next(iter(command))
    key = shard_key_of(command[name]) if isinstance(command[name], str) else ()
    if "autocommit" in command and name not in _IN_TRANSACTIONS:
        yield "not in a transaction"
    if command.get("readConcern", {}).get("level") == "snapshot" and name not in _OF_SNAPSHOTS:
        yield "no snapshot for this command"
    if name in _RULES:
        yield from _RULES[name](key, command)
    elif name not in _NEUTRAL:
        yield "no rule is known for this command"


def _of_indexes(key: Sequence[str], command: Command) -> Iterator[str]:
    for index in command["indexes"]:
        if index.get("unique") and list(index["key"])[: len(key)] != key:
            yield f"the unique index {index['name']} does not begin with the shard key"


def _of_insert(key: Sequence[str], command: Command) -> Iterator[str]:
    if any(field not in document for document in command["documents"] for field in key):
        yield "a document without the shard key"


def _of_updates(key: Sequence[str], command: Command) -> Iterator[str]:
    for update in command["updates"]:
        yield from _of_update(key, update, update["q"], update["u"])


def _of_delete(key: Sequence[str], command: Command) -> Iterator[str]:
    if any(delete["limit"] == 1 and not _is_fixed(key, delete["q"]) for delete in command["deletes"]):
        yield "the removal of one document without its shard key"


def _of_find_and_modify(key: Sequence[str], command: Command) -> Iterator[str]:
    return _of_update(key, {}, command["query"], command.get("update", {}))


def _of_aggregate(_: Sequence[str], command: Command) -> Iterator[str]:
    if any(stage in step for step in command["pipeline"] for stage in ("$out", "$merge")):
        yield "it writes"


def _of_update(key: Sequence[str], update: Command, query: Command, change: Any) -> Iterator[str]:
    if not update.get("multi") and not _is_fixed(key, query):
        yield "the change of one document without its shard key"
    if update.get("multi") and update.get("upsert"):
        yield "an upsert of many documents"
    steps = change if isinstance(change, list) else [change]
    if any(field in step.get(operator, {}) for step in steps for operator in ("$set", "$unset") for field in key):
        yield "the change of a shard key"


def _is_fixed(key: Sequence[str], query: Command) -> bool:
    """Tell whether a filter has one value for each field of the shard key."""
    return all(field in query and not _is_operator(query[field]) for field in key)


def _is_operator(value: Any) -> bool:
    return isinstance(value, Mapping | SON) and any(str(name).startswith("$") for name in value)


_RULES: Mapping[str, Callable[[Sequence[str], Command], Iterator[str]]] = {
    "aggregate": _of_aggregate,
    "createIndexes": _of_indexes,
    "delete": _of_delete,
    "findAndModify": _of_find_and_modify,
    "insert": _of_insert,
    "update": _of_updates,
}
# They may go to all shards, or name no document.
_NEUTRAL = {
    "abortTransaction", "collMod", "commitTransaction", "connectionStatus", "create", "distinct", "dropIndexes",
    "endSessions", "find", "getMore", "hello", "killCursors", "listCollections", "listIndexes", "ping",
}  # fmt: skip
