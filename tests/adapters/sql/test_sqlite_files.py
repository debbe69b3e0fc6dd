import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, disable, save, user_of
from hexaccount.kernel.unit_of_work import StaleVersion, StoreRefused, StoreUnavailable
from hexaccount_sql import SqlStore, connections

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


def test_every_connection_uses_wal_and_waits_for_the_disk(sqlite: SqlStore) -> None:
    with sqlite._engine.connect() as one, sqlite._engine.connect() as other:
        for connection in (one, other):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_commit_takes_the_write_lock_first_and_only_once(sqlite: SqlStore, factory: Factory) -> None:
    statements: list[str] = []

    @sa.event.listens_for(sqlite._engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    user = factory.user()
    save(sqlite, user, factory.session(user), factory.profile(user.id))
    assert (statements[0], statements[-1]) == ("BEGIN IMMEDIATE", "COMMIT")
    assert sum(statement.startswith(("BEGIN", "COMMIT")) for statement in statements) == 2


def test_a_writer_fails_after_the_lock_timeout_and_writes_nothing(
    sqlite: SqlStore, sqlite_url: str, factory: Factory, impatient: Callable[[str], SqlStore]
) -> None:
    known, new = factory.user(), factory.user()
    save(sqlite, known)
    store = impatient(sqlite_url)
    with locked_elsewhere(sqlite_url):
        for write in (lambda: save(store, new), lambda: disable(store, known.id, factory.now())):
            with pytest.raises(StoreUnavailable):
                write()
        assert [user.id for user in all_users(store)] == [known.id]
        assert store._engine.pool.checkedout() == 0
    disable(store, known.id, factory.now())
    save(store, new)
    assert user_of(sqlite, known.id).disabled


def test_a_writer_that_does_not_end_makes_the_store_unready_and_blocks_no_reader(
    sqlite: SqlStore, sqlite_url: str, factory: Factory
) -> None:
    user = factory.user()
    save(sqlite, user)
    with locked_elsewhere(sqlite_url):
        with pytest.raises(StoreUnavailable, match="another process keeps the store's file locked; let it finish"):
            sqlite.check()
        assert user_of(sqlite, user.id).name == user.name
        with sqlite._engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
    sqlite.check()


def test_the_writers_of_this_process_leave_the_store_ready(sqlite: SqlStore, factory: Factory) -> None:
    users = [factory.user() for _ in range(100)]
    with ThreadPoolExecutor(8) as threads:
        saved = [threads.submit(save, sqlite, user) for user in users]
        while not all(each.done() for each in saved):
            sqlite.check()


@pytest.mark.parametrize("action", ["check", "migrate"])
def test_a_missing_folder_is_reported(tmp_path: Path, open_store: Callable[[str], SqlStore], action: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nowhere/hexaccount.db")
    with pytest.raises(StoreUnavailable, match="its folder must be there"):
        getattr(store, action)()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("action", ["check", "migrate"])
def test_a_file_that_is_no_database_is_reported_and_kept(
    tmp_path: Path, open_store: Callable[[str], SqlStore], action: str
) -> None:
    file = tmp_path / "hexaccount.db"
    file.write_bytes(b"a letter to grandmother, not a database " * 200)
    with pytest.raises(StoreUnavailable, match="is not a database"):
        getattr(open_store(f"sqlite:///{file}"), action)()
    assert file.read_bytes().startswith(b"a letter to grandmother")


def test_a_disk_that_takes_no_more_is_refused_with_the_remedy(
    sqlite: SqlStore, sqlite_url: str, factory: Factory
) -> None:
    users = [factory.user() for _ in range(200)]
    save(sqlite, factory.user())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in file_of(sqlite_url).parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.raises(StoreRefused, match=r"the disk of the store .*; free space on it"):
            save(sqlite, *users)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    save(sqlite, *users)


def test_a_damaged_file_is_unavailable(
    sqlite: SqlStore, sqlite_url: str, factory: Factory, open_store: Callable[[str], SqlStore]
) -> None:
    for _ in range(200):
        save(sqlite, factory.user())
    sqlite.close()
    file = file_of(sqlite_url)
    with file.open("r+b") as opened:
        opened.seek(2 * 4096)
        opened.write(os.urandom(file.stat().st_size - 3 * 4096))
    store = open_store(sqlite_url)
    with pytest.raises(StoreUnavailable):
        all_users(store)
    assert store._engine.pool.checkedout() == 0


def test_a_refusal_is_reported_even_if_sqlite_has_rolled_back_by_itself(sqlite: SqlStore, factory: Factory) -> None:
    save(sqlite, factory.user("anna"))

    @sa.event.listens_for(sqlite._engine, "handle_error")
    def roll_back(context: sa.engine.ExceptionContext) -> None:
        context.connection.connection.dbapi_connection.rollback()

    with pytest.raises(UserNameTaken):
        save(sqlite, factory.user("anna"))
    assert sqlite._engine.pool.checkedout() == 0
    save(sqlite, factory.user("berta"))


def test_a_lost_race_beside_new_rows_leaves_no_transaction_open(sqlite: SqlStore, factory: Factory) -> None:
    known, new = factory.user(), factory.user()
    save(sqlite, known)
    with sqlite.unit_of_work() as uow:
        stale = Users(uow).get(known.id)
        disable(sqlite, known.id, factory.now())
        stale.disable(factory.now())
        Users(uow).add(new)
        with pytest.raises(StaleVersion):
            uow.commit()
        disable(sqlite, known.id, factory.now())  # no lock is held
    assert [user.id for user in all_users(sqlite)] == [known.id]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, open_store: Callable[[str], SqlStore]) -> Callable[[str], SqlStore]:
    """Return a function that opens a store with a short lock timeout."""
    monkeypatch.setattr(connections, "SQLITE_LOCK_TIMEOUT", 0.1)
    return open_store


@contextmanager
def locked_elsewhere(url: str) -> Iterator[None]:
    """Hold the write lock in another process during the block."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(file_of(url))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            process.communicate("go\n", timeout=30)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def test_only_its_owner_can_read_a_new_database(tmp_path: Path, open_store: Callable[[str], SqlStore]) -> None:
    before = os.umask(0o022)
    try:
        store = open_store(f"sqlite:///{tmp_path}/private.db")
        store.migrate()
        store.check()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("private.db*")} == {0o600}
