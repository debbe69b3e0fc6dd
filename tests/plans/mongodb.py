import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring
from pymongo.database import Database

# What bypasses no index and needs none, and what ends or begins something.
EXPLAINED = {"find", "aggregate", "update", "delete", "findAndModify"}
NO_PLAN = {"insert", "commitTransaction", "abortTransaction", "hello", "endSessions", "ping", "getMore"}
_OPTIONS_OF_SENDING = {
    "lsid", "$db", "$clusterTime", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern",
    "$readPreference", "maxTimeMS",
}  # fmt: skip


class _Listener(monitoring.CommandListener):
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Return: what was sent is known."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Return: what was sent is known."""


@contextmanager
def sent_commands() -> Iterator[list[dict[str, Any]]]:
    """Give the list that fills with the commands of every client which is made in the block."""
    listener = _Listener()
    monitoring.register(listener)
    try:
        yield listener.sent
    finally:
        monitoring._LISTENERS.command_listeners.remove(listener)


def each_of(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the commands of a batch of updates, as only one can be explained."""
    return [{**command, "updates": [update]} for update in command.get("updates", [])] or [command]


def plan_of(database: Database[dict[str, Any]], command: dict[str, Any]) -> Any:
    """Return the plan of a command as it was sent, with what was done for what it joins."""
    bare = {name: value for name, value in command.items() if name not in _OPTIONS_OF_SENDING}
    explain = {"explain": bare, "verbosity": "executionStats"}
    told = database.command(explain, codec_options=database.codec_options)
    told.pop("command", None)
    return told


def scans_in(told: str) -> list[str]:
    """Return what a plan tells of collections that are read as a whole, by itself or for what it joins."""
    return re.findall(r"COLLSCAN|NestedLoopJoin|HashJoin|'collectionScans': [1-9]\d*", told)


def counts(command: dict[str, Any]) -> bool:
    """Tell whether a command counts documents, as `count_documents` does by a sum over a group."""
    return next(iter(command)) == "count" or any(word in str(command) for word in ("$count", "'$sum': 1"))
