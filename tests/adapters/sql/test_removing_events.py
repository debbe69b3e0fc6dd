"""On PostgreSQL a replay and a removal of the same event exclude each other, whichever comes first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import sqlalchemy as sa

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import journal_of, save
from hexaccount_sql import SqlStore


@contextmanager
def before_statement(store: SqlStore, begin: str, act: Callable[[], object]) -> Iterator[None]:
    """Call a function before each statement of a store that begins so."""

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(begin):
            act()

    sa.event.listen(store._engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        sa.event.remove(store._engine, "before_cursor_execute", before)


def test_an_event_that_is_being_enqueued_is_not_removed(
    postgresql: SqlStore, open_store: Callable[[str], SqlStore], factory: Factory
) -> None:
    user = factory.user()
    save(postgresql, user)
    (entry,) = journal_of(postgresql, user)
    other = open_store(postgresql._url)
    removed: list[int] = []
    with before_statement(
        postgresql, "COMMIT", lambda: removed.append(other.retention_store.remove_events([entry.id]))
    ):
        postgresql.outbox.enqueue("subscriber", [entry])
    assert removed == [0]
    claimed = other.outbox.claim("subscriber", limit=9, now=datetime.now(UTC), lease=timedelta(seconds=9)).deliveries
    assert [delivery.entry for delivery in claimed] == [entry]


def test_an_event_that_is_being_removed_is_not_enqueued(
    postgresql: SqlStore, open_store: Callable[[str], SqlStore], factory: Factory
) -> None:
    user = factory.user()
    save(postgresql, user)
    (entry,) = journal_of(postgresql, user)
    other = open_store(postgresql._url)
    replay = Thread(target=lambda: other.outbox.enqueue("subscriber", [entry]))

    def start() -> None:
        replay.start()
        replay.join(0.5)
        assert replay.is_alive(), "the replay does not wait for the removal"

    with before_statement(postgresql, "DELETE FROM journal", start):
        assert postgresql.retention_store.remove_events([entry.id]) == 1
    replay.join(30)
    assert not replay.is_alive()
    assert postgresql.outbox.backlog("subscriber", limit=9).pending == 0
