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
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer

_PASSWORD = "p@ss:w/rd?%25'\" +&#\u00e9\U0001f600"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u@h/d", {"host": "h", "user": "u", "dbname": "d", "connect_timeout": 5}),
        ("postgresql+psycopg://u@h:7/d", {"host": "h", "port": 7, "application_name": "hexaccount"}),
        ("postgresql://h/d?connect_timeout=2&application_name=me", {"connect_timeout": "2", "application_name": "me"}),
        ("postgresql://h/d?sslmode=verify-full&sslrootcert=%2Fca", {"sslmode": "verify-full", "sslrootcert": "/ca"}),
        ("postgresql://h/d?options=-c%20search_path%3Dx", {"options": "-c search_path=x"}),
        ("postgresql:///d?host=%2Frun%2Fpg", {"host": "/run/pg", "dbname": "d"}),
        ("postgresql://u@/d?host=a:1&host=b:2", {"host": "a,b", "port": "1,2", "tcp_user_timeout": 15000}),
        (f"postgresql://u:{quote(_PASSWORD, safe='')}@h/d", {"user": "u", "password": _PASSWORD}),
    ],
)  # fmt: skip
def test_a_url_says_how_to_connect_and_overrules_what_is_usual(
    url: str, told: dict[str, object], open_store: Callable[[str], SqlStore]
) -> None:
    for used in (arguments_of(open_engine(url, patient=False)), open_store(url)._listener._arguments):
        assert {name: used.get(name) for name in told} == told
        known = {name: value for name, value in used.items() if name not in {"context", "cursor_factory"}}  # psycopg's
        psycopg.conninfo.make_conninfo(**known)  # raises if libpq does not know one


def test_a_vanished_machine_is_given_up_by_the_connection_itself(postgresql: SqlStore) -> None:
    with postgresql._engine.connect() as connection:
        used = connection.connection.dbapi_connection.info.get_parameters()
    assert {"tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"} <= set(used)


def test_a_password_of_special_characters_opens_the_store(
    postgresql: SqlStore, open_store: Callable[[str], SqlStore]
) -> None:
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
def test_no_error_and_no_log_shows_the_password(
    place: str, open_store: Callable[[str], SqlStore], people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "s3cret-of-the-store"
    authority = f"u:{secret}@" if place == "authority" else "u@"
    query = "" if place == "authority" else f"?password={secret}"
    store = open_store(f"postgresql://{authority}127.0.0.1:{free_port()}/d{query}")
    for deed in (store.check, store.migrate, lambda: save(store, people.user())):
        with pytest.raises(StoreUnavailable) as refusal:
            deed()
        assert secret not in "".join(traceback.format_exception(refusal.value))
    assert secret not in caplog.text


def test_no_error_shows_what_was_to_be_written(store: SqlStore, people: People) -> None:
    user = people.user("anna")
    save(store, user)
    secret = user.registered_at.strftime("hash%f")  # no text of this file, which a traceback shows
    with pytest.raises(UserNameTaken) as refusal:
        save(store, people.user("anna", password_hash=secret))
    assert secret not in "".join(traceback.format_exception(refusal.value))


def test_a_unix_socket_is_a_host(unix_socket: str, open_store: Callable[[str], SqlStore], people: People) -> None:
    store = open_store(f"postgresql://postgres@/postgres?host={quote(unix_socket, safe='')}")
    store.migrate()
    store.check()
    save(store, people.user())
    assert store._listener._arguments["host"] == unix_socket


@pytest.fixture
def unix_socket(tmp_path: Path) -> Iterator[str]:
    """Give the folder in which a server has its socket; the path of one is short."""
    with tempfile.TemporaryDirectory(prefix="hexa-") as folder:
        Path(folder).chmod(0o777)
        with PostgresServer(tmp_path, settings={"unix_socket_directories": folder}) as server:
            # libpq finds the socket by the folder and the port, which the test's URL leaves out.
            (Path(folder) / ".s.PGSQL.5432").symlink_to(Path(folder) / f".s.PGSQL.{server.port}")
            yield folder


def arguments_of(engine: sa.Engine) -> dict[str, Any]:
    """Return what the driver would be told, without connecting."""
    told: dict[str, Any] = {}

    class Told(Exception):
        pass

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> None:
        told.update(arguments)
        raise Told

    with pytest.raises(Told):
        engine.connect()
    return told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda url: url.replace("//", "//nobody:hunter2hunter2@", 1), "nobody"),
        (lambda url: f"{url}?foo=bar", 'invalid connection option "foo"; correct the setting store (HEXACCOUNT_STORE)'),
        (lambda url: f"{url}?connect_timeout=soon", "connect_timeout: 'soon'; correct the setting store"),
        (lambda url: f"{url}_not_there", "does not exist; correct the setting store (HEXACCOUNT_STORE)"),
        (
            lambda url: "postgresql://postgres@127.0.0.1:1/d",
            "; start it, or correct the setting store (HEXACCOUNT_STORE)",
        ),
    ],
)
def test_who_is_not_let_in_is_told_why_and_never_the_password(
    change: Callable[[str], str], told: str, postgres_server: str, open_store: Callable[[str], SqlStore]
) -> None:
    address = postgres_server.rpartition("@")[2].removeprefix("postgresql://")
    with pytest.raises(StoreUnavailable) as refusal:
        open_store(change(f"postgresql://{address}")).check()
    assert told in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
