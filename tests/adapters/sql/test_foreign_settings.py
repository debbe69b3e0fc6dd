"""A PostgreSQL whose settings differ from the usual ones: the service sets what it relies on by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hexaccount.conformance.suites.deliveries import NOW, claim
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import journal_of, save, user_of
from hexaccount.kernel.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.store_kit.store import SchemaMissing
from hexaccount_sql import SqlStore

Within = Callable[[Callable[[], Any]], Any]
SetBy = Callable[[str, Sequence[str]], None]

FOREIGN = {
    "default_transaction_isolation": "serializable",
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "search_path": "of_another_service",
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "TimeZone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "quote_all_identifiers": "on",
    "default_transaction_deferrable": "on",
    "synchronous_commit": "remote_write",
    "work_mem": "1MB",
    "idle_session_timeout": "500ms",
}
ALL = [name for name in FOREIGN if name != "idle_session_timeout"]
FAULTS = [
    ["default_transaction_isolation"],
    ["DateStyle"],
    ["search_path"],
    ["client_encoding"],
    ["quote_all_identifiers"],
]
"""Each of these was a fault by itself."""
LIMIT = RateLimit(GcraBucket(20, timedelta(seconds=12)), GcraBucket(20, timedelta(minutes=3)))


def use_the_store(store: SqlStore, factory: Factory) -> None:
    """Do with a store what requests and relays do with it."""
    store.migrate()
    store.check()
    store.outbox.subscribe("s", ["*"])
    user = factory.user("łukasz")
    save(store, user, factory.session(user))
    assert user_of(store, user.id).registered_at == user.registered_at
    assert [entry.time for entry in journal_of(store, user)] == [user.registered_at]
    store.outbox.acknowledge(claim(store, "s"))
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda number: acquire(store, f"key {number}", "shared key"), range(8)))
    store.rate_limits.refund(dict.fromkeys(states[0], LIMIT), timedelta())


def acquire(store: SqlStore, *keys: str) -> Mapping[str, BucketState]:
    return store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)


@pytest.fixture
def set_by(postgresql_url: str) -> Iterator[SetBy]:
    """Return a function that gives each new session of the database, or of its role, foreign settings."""
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        of_database = sql.SQL("DATABASE {}").format(sql.Identifier(urlsplit(postgresql_url).path[1:]))
        role = sql.SQL("ROLE postgres IN {}").format(of_database)

        def set_them(by: str, names: Sequence[str]) -> None:
            subject = of_database if by == "database" else role
            for name in names:
                admin.execute(sql.SQL("ALTER {} SET {} = {}").format(subject, sql.Identifier(name), FOREIGN[name]))

        yield set_them
        admin.execute(sql.SQL("ALTER {} RESET ALL").format(role))


@pytest.fixture
def store(postgresql_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a store that connects to the database after the test has given it settings."""
    return open_store(postgresql_url)


@pytest.mark.parametrize("names", [*FAULTS, ALL], ids=lambda names: ", ".join(names)[:30])
def test_a_store_works_whatever_the_settings_of_its_database_are(
    names: Sequence[str], set_by: SetBy, store: SqlStore, factory: Factory, within: Within
) -> None:
    set_by("database", names)
    within(lambda: use_the_store(store, factory))


def test_a_store_works_whatever_the_settings_of_its_role_and_its_environment_are(
    set_by: SetBy, store: SqlStore, factory: Factory, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_by("role", ALL)
    for name, value in {"PGDATESTYLE": "German", "PGTZ": "CET", "PGOPTIONS": "-c work_mem=1MB"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    within(lambda: use_the_store(store, factory))


def test_a_listener_may_be_idle_for_long(set_by: SetBy, store: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    store.migrate()
    set_by("role", ["idle_session_timeout"])
    assert store.watch()
    sleep(1.5)
    store.check()
    assert "not signalled" not in caplog.text


def test_what_the_operator_chose_is_kept(set_by: SetBy, store: SqlStore) -> None:
    set_by("role", ["synchronous_commit", "work_mem"])
    with store._engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("synchronous_commit", "work_mem")]
    assert found == ["remote_write", "1MB"]


def test_the_url_names_the_schema(store: SqlStore, open_store: Callable[[str], SqlStore], factory: Factory) -> None:
    with psycopg.connect(store._url, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA accounts")
    elsewhere = open_store(f"{store._url}?options=-c%20search_path%3Daccounts%2Cpublic")
    use_the_store(elsewhere, factory)
    with pytest.raises(SchemaMissing):
        store.check()
    with psycopg.connect(store._url, autocommit=True) as admin:
        assert admin.execute("SELECT count(*) > 9 FROM pg_tables WHERE schemaname = 'accounts'").fetchone() == (True,)


@pytest.mark.parametrize("place", ["PGOPTIONS", "service", "PGSERVICE"])
def test_the_environment_names_the_schema_as_for_any_client_of_libpq(
    place: str, postgresql_url: str, open_store: Callable[[str], SqlStore], tmp_path: Path, monkeypatch: Any
) -> None:
    services = tmp_path / "services.conf"
    services.write_text("[accounts]\noptions=-c search_path=accounts\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    if place != "service":
        monkeypatch.setenv(place, "accounts" if place == "PGSERVICE" else "-c search_path=accounts")
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA accounts")
        open_store(f"{postgresql_url}?service=accounts" if place == "service" else postgresql_url).migrate()
        found = admin.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'alembic_version'").fetchall()
        assert found == [("accounts",)]


def test_a_database_without_the_schema_is_refused_with_the_remedy(store: SqlStore) -> None:
    with psycopg.connect(store._url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public")
        for action in (store.migrate, store.check):
            with pytest.raises(StoreRefused, match=r"'public', .*; CREATE SCHEMA public, or GRANT"):
                action()
        admin.execute("CREATE SCHEMA public")
    store.migrate()
    store.check()


def test_the_schema_that_the_url_names_and_the_database_lacks_is_named(store: SqlStore, open_store: Any) -> None:
    elsewhere = open_store(f"{store._url}?options=-c%20search_path%3Dnosuch")
    for action in (elsewhere.migrate, elsewhere.check):
        with pytest.raises(StoreRefused, match=r"search_path, which is 'nosuch', .*; CREATE SCHEMA nosuch, or GRANT"):
            action()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_name_is_refused_with_the_remedy(
    encoding: str, postgres_server: str, open_store: Callable[[str], SqlStore], factory: Factory
) -> None:
    name = f"hexaccount_test_{encoding.lower()}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        try:
            store = open_store(urlsplit(postgres_server)._replace(path=f"/{name}").geturl())
            for action in (store.migrate, store.check, lambda: save(store, factory.user())):
                with pytest.raises(StoreRefused, match=f"the encoding {encoding}, .* CREATE DATABASE … TEMPLATE templ"):
                    action()
            store.close()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
