"""Metrics of the driver's connection pool."""

import time
from concurrent.futures import ThreadPoolExecutor

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save, user_of
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.metrics import (
    STORE_CONNECTION_WAITS,
    STORE_CONNECTIONS,
    STORE_CONNECTIONS_IN_USE,
    STORE_CONNECTIONS_LIMIT,
)
from hexaccount_memory import MemoryMetrics
from hexaccount_mongo import MongoStore
from hexaccount_system import Uuid7Identifiers
from tests.adapters.mongo.test_faults import failing


def test_connections_are_counted_and_waits_for_one_are_timed(url: str) -> None:
    metrics = MemoryMetrics()
    recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:mongo")
    store = MongoStore(f"{url}&maxPoolSize=2", records=record_schema(), recorder=recorder, metrics=metrics)
    assert metrics.figure(STORE_CONNECTIONS_IN_USE) == metrics.figure(STORE_CONNECTIONS) == 0
    store.migrate()
    user = Factory().user()
    save(store, user)
    assert metrics.figure(STORE_CONNECTIONS_LIMIT) == 2
    assert metrics.figure(STORE_CONNECTIONS_IN_USE) == 0
    assert metrics.observed(STORE_CONNECTION_WAITS) == []
    slow = {"failCommands": ["find"], "blockConnection": True, "blockTimeMS": 2000}
    with failing(url, 2, **slow), ThreadPoolExecutor(2) as others:
        reading = [others.submit(user_of, store, user.id) for _ in range(2)]
        deadline = time.monotonic() + 20
        while metrics.figure(STORE_CONNECTIONS_IN_USE) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        user_of(store, user.id)
        assert [done.result().id for done in reading] == [user.id] * 2
        (waited,) = metrics.observed(STORE_CONNECTION_WAITS)
        assert waited > 0
    assert metrics.figure(STORE_CONNECTIONS_IN_USE) == 0
    assert metrics.figure(STORE_CONNECTIONS) == 2
    store.close()
    assert metrics.figure(STORE_CONNECTIONS) == 0
