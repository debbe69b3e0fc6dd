"""Connections are few: whoever takes one gives it back, and who finds none is told so."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa

from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, save, user_of
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount_sql import SqlStore, connections


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pools hold two connections and two more, and wait a moment only; named before the store."""
    monkeypatch.setattr(connections, "_POOL_SIZE", 2)
    monkeypatch.setattr(connections, "_POOL_WAIT", 0.05)


def test_who_finds_no_connection_is_told_and_the_others_go_on(narrow: None, store: SqlStore, people: People) -> None:
    user = people.user()
    save(store, user)
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(store.unit_of_work()).users.get(user.id)
        for deed in (
            store.check,
            lambda: user_of(store, user.id),
            lambda: save(store, people.user()),
            store.set_aside.retry,
        ):
            with pytest.raises(StoreUnavailable):
                deed()
        assert store._engine.pool.checkedout() == 4
    assert store._engine.pool.checkedout() == 0
    save(store, people.user())


def test_a_unit_of_work_that_is_not_used_takes_no_connection(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.commit()
        assert store._engine.pool.checkedout() == 0


def test_every_connection_comes_back_however_a_unit_of_work_ends(store: SqlStore, people: People) -> None:
    user, event = people.user("anna", "anna@example.org"), people.new_id()
    save(store, user)
    handled(store, event)
    endings: dict[type[Exception], Callable[[], Any]] = {
        UserNotFound: lambda: user_of(store, people.new_id()),
        UserNameTaken: lambda: save(store, people.user("anna")),
        EmailTaken: lambda: save(store, people.user("berta", "anna@example.org")),
        AlreadyHandled: lambda: handled(store, event),
        StaleVersion: lambda: save(store, user_again(store, people)),
        KeyError: lambda: raising(store, user, people),
    }
    for error, deed in endings.items():
        for _ in range(20):  # more than the pool has
            with pytest.raises(error):
                deed()
            assert store._engine.pool.checkedout() == 0
    disable(store, user.id, people.now())


@pytest.mark.parametrize("failing", ["COMMIT", "INSERT", "BEGIN"])
def test_a_step_of_a_commit_that_fails_on_sqlite_leaves_nothing(sqlite: SqlStore, people: People, failing: str) -> None:
    @sa.event.listens_for(sqlite._engine, "before_cursor_execute")
    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(failing):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        save(sqlite, people.user())
    assert sqlite._engine.pool.checkedout() == 0
    sa.event.remove(sqlite._engine, "before_cursor_execute", fail)
    user = people.user()
    save(sqlite, user)
    with sqlite.unit_of_work() as uow:
        assert [found.id for found in uow.users.page(limit=9, after=None)] == [user.id]


def test_a_rollback_that_fails_gives_the_connection_back(sqlite: SqlStore, people: People) -> None:
    save(sqlite, people.user("anna"))

    @sa.event.listens_for(sqlite._engine, "rollback")
    def fail(_connection: object) -> None:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        save(sqlite, people.user("anna"))
    assert sqlite._engine.pool.checkedout() == 0
    sa.event.remove(sqlite._engine, "rollback", fail)
    save(sqlite, people.user("berta"))


def handled(store: SqlStore, event: Any) -> None:
    with store.unit_of_work() as uow:
        uow.inbox.add("somebody", event)
        uow.commit()


def user_again(store: SqlStore, people: People) -> Any:
    """Return an account whose id is taken."""
    user = people.user()
    save(store, user)
    return people.user(user_id=user.id)


def raising(store: SqlStore, user: Any, people: People) -> None:
    with store.unit_of_work() as uow:
        uow.users.get(user.id).disable(people.now())
        raise KeyError
