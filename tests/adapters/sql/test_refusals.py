"""A database that refuses to work makes the store unready, with the remedy."""

import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit.store import SchemaMissing
from hexaccount_sql import SqlStore
from tests.servers.postgres import PostgresServer

_OF_A_READ_ONLY_FILE = """
import os, sys
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_sql import SqlStore
from tests.servers.postgres import PostgresServer
from hexaccount_system import Uuid7Identifiers

store = SqlStore(sys.argv[1], records=record_schema(), recorder=EventRecorder(Uuid7Identifiers(), "urn:x"))
if os.getuid() == 0:  # root could write the file; all modules are imported by now
    os.setgroups([])
    os.setuid(int(sys.argv[2]))
for action in (store.check, lambda: store.outbox.subscribe("crm", ["*"])):
    try:
        action()
    except StoreRefused as refusal:
        print(refusal)
"""


@pytest.fixture
def unprivileged_url(postgresql_store_url: str) -> Iterator[str]:
    """Give the URL of a user without privileges in a migrated database."""
    with psycopg.connect(postgresql_store_url, autocommit=True) as admin:
        role = f"unprivileged_{admin.info.backend_pid}"
        admin.execute(f"CREATE ROLE {role} LOGIN")
        yield postgresql_store_url.replace("postgres@", f"{role}@")
        admin.execute(f"DROP OWNED BY {role}")
        admin.execute(f"DROP ROLE {role}")


def test_a_read_only_server_is_refused_with_the_remedy(
    postgresql: SqlStore, factory: Factory, open_store: Callable[[str], SqlStore]
) -> None:
    store = open_store(f"{postgresql._url}?options=-c%20default_transaction_read_only%3Don")
    for action in (store.check, lambda: save(store, factory.user())):
        with pytest.raises(StoreRefused, match=r"the store is read-only: .* name the primary in the setting store"):
            action()


def test_missing_privileges_are_named(
    postgresql: SqlStore, unprivileged_url: str, factory: Factory, open_store: Callable[[str], SqlStore]
) -> None:
    store, role = open_store(unprivileged_url), unprivileged_url.partition("//")[2].partition("@")[0]
    for action in (store.check, store.migrate, lambda: all_users(store)):
        with pytest.raises(StoreRefused, match=r"permission denied for table .*; GRANT it SELECT, INSERT, UPDATE and"):
            action()
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        assert all_users(store) == []
        for action in (store.check, lambda: save(store, factory.user())):
            with pytest.raises(
                StoreRefused,
                match=r"lacks INSERT, UPDATE, DELETE on .*journal.*users;|denied for table users",
            ):
                action()
        admin.execute(f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    store.check()
    save(store, factory.user())
    store.migrate()


def test_a_missing_table_is_named(postgresql: SqlStore, factory: Factory) -> None:
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(SchemaMissing):
        postgresql.check()
    message = r'relation "\w+" does not exist; restore it from a backup; where all of it is gone, `hexaccount migrate`'
    for action in (lambda: all_users(postgresql), lambda: save(postgresql, factory.user())):
        with pytest.raises(StoreRefused, match=message):
            action()


@pytest.mark.parametrize(("closed", "named"), [("accounts.db", "accounts.db"), ("", "its file, or the folder of that")])
def test_a_read_only_file_is_refused_with_the_remedy(
    closed: str, named: str, open_store: Callable[[str], SqlStore]
) -> None:
    with tempfile.TemporaryDirectory(prefix="hexa-") as name:  # unlike tmp_path, other users can enter it
        folder, file = Path(name), Path(name, "accounts.db")
        store = open_store(f"sqlite:///{file}")
        store.migrate()
        store.close()
        folder.chmod(0o777)
        file.chmod(0o666)
        (folder / closed).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _OF_A_READ_ONLY_FILE, f"sqlite:///{file}", str(pwd.getpwnam("nobody").pw_uid)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["the store is read-only"] * 2
    assert f"{named}; give it to the user of the service" in lines[0]


def test_a_wrong_password_is_refused_with_the_remedy_and_never_shown(
    own_server: PostgresServer, open_store: Callable[[str], SqlStore]
) -> None:
    rules = own_server.data / "pg_hba.conf"
    rules.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE locked LOGIN PASSWORD 'the right one'")
        admin.execute("SELECT pg_reload_conf()")
    store = open_store(own_server.url.replace("postgres@", "locked:another-one@"))
    for action in (store.check, store.migrate, lambda: all_users(store)):
        with pytest.raises(
            StoreRefused, match=r"authentication failed .*; correct the setting store \(HEXACC"
        ) as refusal:
            action()
        assert "another-one" not in str(refusal.value)
