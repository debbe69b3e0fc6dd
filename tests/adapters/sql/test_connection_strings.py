import logging
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer

_PASSWORD = "p@ss:w/rd?%25'\" +&#\u00e9\U0001f600"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@h/d", {"host": "h", "user": "u", "dbname": "d", "connect_timeout": 5, "port": None}),
        ("postgres://u@h:7/d", {"host": "h", "port": "7", "fallback_application_name": "hexaccount"}),
        ("postgresql://h:/d", {"host": "h", "port": None}),
        ("postgresql://h/d?connect_timeout=2&application_name=me", {"connect_timeout": "2", "application_name": "me"}),
        ("postgresql://h/d?sslmode=verify-full&sslrootcert=%2Fca", {"sslmode": "verify-full", "sslrootcert": "/ca"}),
        ("postgresql://h/d?ssl=true", {"sslmode": "require"}),
        ("postgresql://h/d?options=-c%20work_mem%3D1MB", {"options": "-c statement_timeout=7s -c work_mem=1MB"}),
        ("postgresql:///d?host=%2Frun%2Fpg", {"host": "/run/pg", "dbname": "d"}),
        ("postgresql://%2Frun%2Fpg/d", {"host": "/run/pg", "dbname": "d"}),
        ("postgresql://u@a:1,b:2/d", {"host": "a,b", "port": "1,2", "tcp_user_timeout": 15000}),
        ("postgresql://u@a,[::1]:2/a%20b", {"host": "a,::1", "port": ",2", "dbname": "a b"}),
        ("postgresql://u:a+b?c#d@h/d?application_name=a+b", {"password": "a+b?c#d", "application_name": "a+b"}),
        (f"postgresql://u:{quote(_PASSWORD, safe='')}@h/d", {"user": "u", "password": _PASSWORD}),
    ],
)  # fmt: skip
def test_a_url_is_read_as_libpq_reads_it_and_overrides_the_defaults(
    url: str, expected: dict[str, object], open_store: Callable[[str], SqlStore]
) -> None:
    for used in (arguments_of(open_engine(url, unbounded=True)), open_store(url)._listener._url.parameters):
        assert {name: used.get(name) for name in expected} == expected
        known = {name: value for name, value in used.items() if name not in {"context", "cursor_factory", "autocommit"}}
        read = psycopg.conninfo.conninfo_to_dict(psycopg.conninfo.make_conninfo(**known))
        assert read.items() >= psycopg.conninfo.conninfo_to_dict(url.partition("options=")[0]).items()


def test_a_connection_to_a_vanished_machine_times_out(postgresql: SqlStore) -> None:
    with postgresql._engine.connect() as connection:
        used = connection.connection.dbapi_connection.info.get_parameters()
    assert {"tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"} <= set(used)


def test_a_password_may_have_special_characters(postgresql: SqlStore, open_store: Callable[[str], SqlStore]) -> None:
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        role = f"odd_{admin.info.backend_pid}"
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(sql.Identifier(role), sql.Literal(_PASSWORD))
        )
        try:
            store = open_store(postgresql._url.replace("postgres@", f"{role}:{quote(_PASSWORD, safe='')}@"))
            store.check()
            store.close()
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.mark.parametrize("place", ["authority", "query"])
def test_no_error_and_no_log_contains_the_password(
    place: str, open_store: Callable[[str], SqlStore], factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "s3cret-of-the-store"
    authority = f"u:{secret}@" if place == "authority" else "u@"
    query = "" if place == "authority" else f"?password={secret}"
    store = open_store(f"postgresql://{authority}127.0.0.1:{free_port()}/d{query}")
    for action in (store.check, store.migrate, lambda: save(store, factory.user())):
        with pytest.raises(StoreUnavailable) as refusal:
            action()
        assert secret not in "".join(traceback.format_exception(refusal.value))
    assert secret not in caplog.text


def test_no_error_contains_the_values_of_a_statement(store: SqlStore, factory: Factory) -> None:
    user = factory.user("anna")
    save(store, user)
    secret = user.registered_at.strftime("hash%f")  # computed, as a traceback contains the source
    with pytest.raises(UserNameTaken) as refusal:
        save(store, factory.user("anna", password_hash=secret))
    assert secret not in "".join(traceback.format_exception(refusal.value))


def test_a_unix_socket_is_a_host(unix_socket: str, open_store: Callable[[str], SqlStore], factory: Factory) -> None:
    store = open_store(f"postgresql://postgres@/postgres?host={quote(unix_socket, safe='')}")
    store.migrate()
    store.check()
    save(store, factory.user())
    assert store._listener._url.parameters["host"] == unix_socket


@pytest.fixture
def unix_socket(tmp_path: Path) -> Iterator[str]:
    """Give the folder of a server's socket, whose path has to be short."""
    with tempfile.TemporaryDirectory(prefix="hexa-") as folder:
        Path(folder).chmod(0o777)
        with PostgresServer(tmp_path, settings={"unix_socket_directories": folder}) as server:
            # libpq derives the socket's name from the port, which the test's URL leaves out.
            (Path(folder) / ".s.PGSQL.5432").symlink_to(Path(folder) / f".s.PGSQL.{server.port}")
            yield folder


def arguments_of(engine: sa.Engine) -> dict[str, Any]:
    """Return the arguments for the driver, without connecting."""
    arguments: dict[str, Any] = {}

    class Stop(Exception):
        pass

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _args: object, given: dict[str, Any]) -> None:
        arguments.update(given)
        raise Stop

    with pytest.raises(Stop):
        engine.connect()
    return arguments


def as_admin(url: str) -> str:
    return url.replace("//", "//postgres@", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("//", "//nobody:hunter2hunter2@", 1), "nobody"),
        (lambda url: f"{url}?connect_timeout=soon", "connect_timeout: 'soon'; correct the setting store"),
        (lambda url: f"{as_admin(url)}?options=-c%20nosuch%3D1", '"nosuch"; correct the setting store'),
        (lambda url: f"{as_admin(url)}?options=-c%20work_mem%3Dmuch", '"much"; correct the setting store'),
        (lambda url: f"{as_admin(url)}?options=-c%20fsync%3Doff", "cannot be changed now; correct the setting store"),
        (lambda url: f"{as_admin(url)}?options=--nosuch", "--nosuch requires a value; correct the setting store"),
        (lambda url: f"{url}_not_there", "does not exist; correct the setting store (HEXACCOUNT_STORE)"),
        (
            lambda url: "postgresql://postgres@127.0.0.1:1/d",
            "; start it, or correct the setting store (HEXACCOUNT_STORE)",
        ),
    ],
)
def test_a_failed_connection_reports_the_reason_and_never_the_password(
    change: Callable[[str], str], message: str, postgres_server: str, open_store: Callable[[str], SqlStore]
) -> None:
    address = postgres_server.rpartition("@")[2].removeprefix("postgresql://")
    with pytest.raises(StoreUnavailable) as refusal:
        open_store(change(f"postgresql://{address}")).check()
    assert message in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
