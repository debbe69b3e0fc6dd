"""The pool is bounded: connections are returned, and callers that get none fail."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa

from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, save, user_of
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount_sql import SqlStore, connections


@pytest.fixture
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pools hold four connections, with a short timeout; request it before the store."""
    monkeypatch.setattr(connections, "_POOL_SIZE", 4)
    monkeypatch.setattr(connections, "_POOL_TIMEOUT", 0.05)


def test_a_caller_without_a_connection_fails_and_others_go_on(
    small_pool: None, store: SqlStore, factory: Factory
) -> None:
    user = factory.user()
    save(store, user)
    with ExitStack() as held:
        for _ in range(4):
            Users(held.enter_context(store.unit_of_work())).get(user.id)
        for action in (
            store.check,
            lambda: user_of(store, user.id),
            lambda: save(store, factory.user()),
            store.dead_letters.retry,
        ):
            with pytest.raises(StoreUnavailable):
                action()
        assert store._engine.pool.checkedout() == 4
    assert store._engine.pool.checkedout() == 0
    save(store, factory.user())


def test_the_connection_that_was_used_last_is_used_next(store: SqlStore) -> None:
    """Its server process has its caches warm; that costs a request up to a quarter less than taking turns."""
    used = [store._engine.raw_connection() for _ in range(3)]
    drivers = [connection.driver_connection for connection in used]
    for connection in used:
        connection.close()
    for _ in range(3):
        again = store._engine.raw_connection()
        assert again.driver_connection is drivers[-1]
        again.close()


def test_an_unused_unit_of_work_takes_no_connection(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.commit()
        assert store._engine.pool.checkedout() == 0


def test_every_connection_is_returned_however_a_unit_of_work_ends(store: SqlStore, factory: Factory) -> None:
    user, event = factory.user("anna", "anna@example.org"), factory.new_id()
    save(store, user)
    handled(store, event)
    endings: dict[type[Exception], Callable[[], Any]] = {
        UserNotFound: lambda: user_of(store, factory.new_id()),
        UserNameTaken: lambda: save(store, factory.user("anna")),
        EmailTaken: lambda: save(store, factory.user("berta", "anna@example.org")),
        AlreadyHandled: lambda: handled(store, event),
        StaleVersion: lambda: save(store, user_again(store, factory)),
        KeyError: lambda: raising(store, user, factory),
    }
    for error, action in endings.items():
        for _ in range(20):  # more than the pool has
            with pytest.raises(error):
                action()
            assert store._engine.pool.checkedout() == 0
    disable(store, user.id, factory.now())


@pytest.mark.parametrize("failing", ["COMMIT", "INSERT", "BEGIN"])
def test_a_failed_step_of_a_commit_leaves_nothing_on_sqlite(sqlite: SqlStore, factory: Factory, failing: str) -> None:
    @sa.event.listens_for(sqlite._engine, "before_cursor_execute")
    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(failing):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        save(sqlite, factory.user())
    assert sqlite._engine.pool.checkedout() == 0
    sa.event.remove(sqlite._engine, "before_cursor_execute", fail)
    user = factory.user()
    save(sqlite, user)
    with sqlite.unit_of_work() as uow:
        assert [found.id for found in Users(uow).page(limit=9, after=None)] == [user.id]


def test_a_failed_rollback_returns_the_connection(sqlite: SqlStore, factory: Factory) -> None:
    save(sqlite, factory.user("anna"))

    @sa.event.listens_for(sqlite._engine, "rollback")
    def fail(_connection: object) -> None:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        save(sqlite, factory.user("anna"))
    assert sqlite._engine.pool.checkedout() == 0
    sa.event.remove(sqlite._engine, "rollback", fail)
    save(sqlite, factory.user("berta"))


def handled(store: SqlStore, event: Any) -> None:
    with store.unit_of_work() as uow:
        uow.inbox.add("subscriber", event)
        uow.commit()


def user_again(store: SqlStore, factory: Factory) -> Any:
    """Return a user whose id is taken."""
    user = factory.user()
    save(store, user)
    return factory.user(user_id=user.id)


def raising(store: SqlStore, user: Any, factory: Factory) -> None:
    with store.unit_of_work() as uow:
        Users(uow).get(user.id).disable(factory.now())
        raise KeyError
