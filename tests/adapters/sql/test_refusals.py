"""A database that is there and does not let us work: nobody is told that all is well, and the remedy is named."""

import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit.store import SchemaMissing
from hexaccount_sql import SqlStore
from tests.servers.postgres import PostgresServer

_OF_A_READ_ONLY_FILE = """
import os, sys
from hexaccount.store_kit.event_recorder import Recorder
from hexaccount.application.ports.unit_of_work import StoreRefused
from hexaccount_sql import SqlStore
from tests.servers.postgres import PostgresServer
from hexaccount_system import Uuid7Identifiers

store = SqlStore(sys.argv[1], recorder=Recorder(Uuid7Identifiers(), "urn:x"))
if os.getuid() == 0:  # who may write everything, and read what has been imported by now
    os.setgroups([])
    os.setuid(int(sys.argv[2]))
for deed in (store.check, lambda: store.outbox.enrol("crm", ["*"])):
    try:
        deed()
    except StoreRefused as refusal:
        print(refusal)
"""


@pytest.fixture
def poor_url(postgresql_store_url: str) -> Iterator[str]:
    """Give the URL by which somebody comes who may do nothing in a migrated database."""
    with psycopg.connect(postgresql_store_url, autocommit=True) as admin:
        role = f"poor_{admin.info.backend_pid}"
        admin.execute(f"CREATE ROLE {role} LOGIN")
        yield postgresql_store_url.replace("postgres@", f"{role}@")
        admin.execute(f"DROP OWNED BY {role}")
        admin.execute(f"DROP ROLE {role}")


def test_a_server_that_takes_no_writes_cannot_serve_and_says_so(
    postgresql: SqlStore, people: People, open_store: Callable[[str], SqlStore]
) -> None:
    store = open_store(f"{postgresql._url}?options=-c%20default_transaction_read_only%3Don")
    for deed in (store.check, lambda: save(store, people.user())):
        with pytest.raises(StoreRefused, match=r"the store is read-only: .* name the primary in the setting store"):
            deed()


def test_a_user_without_rights_is_told_which_are_missing(
    postgresql: SqlStore, poor_url: str, people: People, open_store: Callable[[str], SqlStore]
) -> None:
    poor, role = open_store(poor_url), poor_url.partition("//")[2].partition("@")[0]
    for deed in (poor.check, poor.migrate, lambda: all_users(poor)):
        with pytest.raises(StoreRefused, match=r"permission denied for table .*; GRANT it SELECT, INSERT, UPDATE and"):
            deed()
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        assert all_users(poor) == []
        for deed in (poor.check, lambda: save(poor, people.user())):
            with pytest.raises(
                StoreRefused,
                match=r"lacks INSERT, UPDATE, DELETE on .*users; INSERT on journal;|denied for table users",
            ):
                deed()
        admin.execute(f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        admin.execute(f"REVOKE UPDATE, DELETE ON journal FROM {role}")
    poor.check()
    save(poor, people.user())
    poor.migrate()


def test_a_table_that_has_gone_is_named(postgresql: SqlStore, people: People) -> None:
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(SchemaMissing):
        postgresql.check()
    told = r'relation "\w+" does not exist; restore it from a backup; where all of it is gone, `hexaccount migrate`'
    for deed in (lambda: all_users(postgresql), lambda: save(postgresql, people.user())):
        with pytest.raises(StoreRefused, match=told):
            deed()


@pytest.mark.parametrize(("closed", "told"), [("accounts.db", "accounts.db"), ("", "its file, or the folder of that")])
def test_a_file_that_may_only_be_read_cannot_serve(
    closed: str, told: str, open_store: Callable[[str], SqlStore]
) -> None:
    with tempfile.TemporaryDirectory(prefix="hexa-") as name:  # unlike the test's own, one that others can enter
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
    assert f"{told}; give it to the user of the service" in lines[0]


def test_a_wrong_password_is_refused_with_the_remedy_and_without_it(
    own_server: PostgresServer, open_store: Callable[[str], SqlStore]
) -> None:
    rules = own_server.data / "pg_hba.conf"
    rules.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE locked LOGIN PASSWORD 'the right one'")
        admin.execute("SELECT pg_reload_conf()")
    store = open_store(own_server.url.replace("postgres@", "locked:another-one@"))
    for deed in (store.check, store.migrate, lambda: all_users(store)):
        with pytest.raises(StoreRefused, match=r"authentication failed .*; correct the setting store \(HEXACC") as told:
            deed()
        assert "another-one" not in str(told.value)
