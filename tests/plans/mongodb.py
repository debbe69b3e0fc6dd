import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring
from pymongo.database import Database

# Commands with a plan, and commands without one.
EXPLAINED = {"find", "distinct", "aggregate", "update", "delete", "findAndModify"}
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
        """Do nothing: `started` has recorded the command."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Do nothing: `started` has recorded the command."""


@contextmanager
def sent_commands() -> Iterator[list[dict[str, Any]]]:
    """Give a list to which clients that are created within the block append their commands."""
    listener = _Listener()
    monitoring.register(listener)
    try:
        yield listener.sent
    finally:
        monitoring._LISTENERS.command_listeners.remove(listener)


def each_of(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Split a batch of updates, as the server explains single updates only."""
    return [{**command, "updates": [update]} for update in command.get("updates", [])] or [command]


def plan_of(database: Database[dict[str, Any]], command: dict[str, Any]) -> Any:
    """Return the plan and the statistics of a command, its joins included."""
    bare = {name: value for name, value in command.items() if name not in _OPTIONS_OF_SENDING}
    explain = {"explain": bare, "verbosity": "executionStats"}
    plan = database.command(explain, codec_options=database.codec_options)
    plan.pop("command", None)
    return plan


def scans_in(plan: str) -> list[str]:
    """Return the stages of a plan that scan a whole collection, those of joins included."""
    return re.findall(r"COLLSCAN|NestedLoopJoin|HashJoin|'collectionScans': [1-9]\d*", plan)


def counts(command: dict[str, Any]) -> bool:
    """Return whether a command counts documents; `count_documents` sums over a group."""
    return next(iter(command)) == "count" or any(word in str(command) for word in ("$count", "'$sum': 1"))
