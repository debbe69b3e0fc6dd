"""What is held by locks of PostgreSQL ends with the connection that holds it, and with its time."""

from contextlib import AbstractContextManager
from datetime import timedelta
from time import monotonic, sleep

import psycopg
import pytest

from hexaccount.conformance.suites.deliveries import NOW, SUBSCRIBER, claim, sequences, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.events.ports import ClaimedBatch
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore

PATIENCE = 20
HOLDER = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"


@pytest.fixture
def store(postgresql: SqlStore) -> SqlStore:
    postgresql.outbox.subscribe(SUBSCRIBER, ["*"])
    return postgresql


def hold(store: SqlStore, *, limit: int = 100, longest: float = 20) -> AbstractContextManager[ClaimedBatch]:
    return store.outbox.hold(SUBSCRIBER, limit=limit, now=NOW, longest=timedelta(seconds=longest))


def test_what_a_lost_connection_held_is_free_at_once(store: SqlStore, factory: Factory) -> None:
    def lose_the_connection() -> None:
        with hold(store) as held, psycopg.connect(store._url, autocommit=True) as other:
            assert sequences(held.deliveries) == [1, 2]
            assert other.execute(f"SELECT pg_terminate_backend(pid) FROM ({HOLDER}) AS holder").rowcount == 1
            assert wait_for_a_claim(store) == [1, 2]

    user_with_events(store, factory, 2)
    with pytest.raises(StoreUnavailable):
        lose_the_connection()


def test_what_is_held_for_too_long_is_given_to_others(store: SqlStore, factory: Factory) -> None:
    def hold_for_too_long() -> None:
        with hold(store, longest=0.2) as held:
            assert sequences(held.deliveries) == [1, 2]
            assert wait_for_a_claim(store) == [1, 2]

    user_with_events(store, factory, 2)
    with pytest.raises(StoreUnavailable):
        hold_for_too_long()


def wait_for_a_claim(store: SqlStore) -> list[int]:
    """Return the sequences of what can be claimed, as soon as something can."""
    deadline = monotonic() + PATIENCE
    while not (found := claim(store)) and monotonic() < deadline:
        sleep(0.05)
    return sequences(found)


def test_a_hold_leaves_no_limit_on_its_connection(store: SqlStore, factory: Factory) -> None:
    user_with_events(store, factory, 1)
    with hold(store, longest=0.2):
        pass
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one() == "0"


def test_two_transactions_hold_deliveries_of_a_subscriber_at_most(store: SqlStore, factory: Factory) -> None:
    users = {user_with_events(store, factory, 1).id for _ in range(3)}
    with hold(store, limit=1) as first, hold(store, limit=1) as second, hold(store, limit=1) as third:
        found = {delivery.entry.aggregate_id for held in (first, second) for delivery in held.deliveries}
        assert len(found) == 2
        assert list(third.deliveries) == []
    assert {delivery.entry.aggregate_id for delivery in claim(store)} == users - found
