"""What is told of the pool of connections."""

import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.metrics import (
    STORE_CONNECTION_WAITS,
    STORE_CONNECTIONS,
    STORE_CONNECTIONS_IN_USE,
    STORE_CONNECTIONS_LIMIT,
)
from hexaccount_memory import MemoryMetrics
from hexaccount_sql import SqlStore, connections
from hexaccount_system import Uuid7Identifiers


def test_connections_are_counted_and_waits_for_one_are_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "_POOL_SIZE", 2)
    monkeypatch.setattr(connections, "_POOL_WAIT", 0.05)
    metrics = MemoryMetrics()
    recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql")
    store = SqlStore(f"sqlite:///{tmp_path}/hexaccount.db", recorder=recorder, metrics=metrics)

    def told() -> tuple[float, float, float]:
        return (
            metrics.figure(STORE_CONNECTIONS_IN_USE),
            metrics.figure(STORE_CONNECTIONS),
            metrics.figure(STORE_CONNECTIONS_LIMIT),
        )

    assert told() == (0, 0, 4)
    store.migrate()
    user = people.user()
    save(store, user)
    assert told() == (0, 1, 4)
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(store.unit_of_work()).users.get(user.id)
        assert told() == (4, 4, 4)
        assert metrics.observed(STORE_CONNECTION_WAITS) == []
        with pytest.raises(StoreUnavailable):
            save(store, people.user())
        (waited,) = metrics.observed(STORE_CONNECTION_WAITS)
        assert waited >= 0.05
    assert told() == (0, 2, 4)
    with caplog.at_level(logging.INFO, "hexaccount_sql"):
        store.close()
    assert caplog.records == [], "the library's own news are not ours"
