"""Metrics of the connection pool."""

import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "_POOL_SIZE", 4)
    monkeypatch.setattr(connections, "_POOL_TIMEOUT", 0.05)
    metrics = MemoryMetrics()
    recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql")
    store = SqlStore(f"sqlite:///{tmp_path}/hexaccount.db", records=record_schema(), recorder=recorder, metrics=metrics)

    def figures() -> tuple[float, float, float]:
        return (
            metrics.figure(STORE_CONNECTIONS_IN_USE),
            metrics.figure(STORE_CONNECTIONS),
            metrics.figure(STORE_CONNECTIONS_LIMIT),
        )

    assert figures() == (0, 0, 4)
    store.migrate()
    user = factory.user()
    save(store, user)
    assert figures() == (0, 1, 4)
    with ExitStack() as held:
        for _ in range(4):
            Users(held.enter_context(store.unit_of_work())).get(user.id)
        assert figures() == (4, 4, 4)
        assert metrics.observed(STORE_CONNECTION_WAITS) == []
        with pytest.raises(StoreUnavailable):
            save(store, factory.user())
        (waited,) = metrics.observed(STORE_CONNECTION_WAITS)
        assert waited >= 0.05
    assert figures() == (0, 4, 4)
    with caplog.at_level(logging.INFO, "hexaccount_sql"):
        store.close()
    assert caplog.records == [], "the library logs under its own name"
