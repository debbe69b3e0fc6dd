"""Run with `python -m benchmarks.stored_bytes`: bytes that a registration, a login and a refresh leave in each store.

They are those of tables, indexes, journal and deliveries, after the store was compacted: SQLite and PostgreSQL by
VACUUM, MongoDB by the sizes of its documents, uncompressed, and of its indexes. A receiver of events that is never
relayed to keeps a delivery of each event.
"""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg
from pymongo import MongoClient

from benchmarks.servers import Servers
from benchmarks.services import KEY, PASSWORD
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.passwords.log_in import LogIn
from hexaccount.registration.register_user import RegisterUser
from hexaccount.sessions.refresh_session import RefreshSession

TIMES = 1000


def main() -> None:
    with TemporaryDirectory() as folder, Servers() as servers:
        databases = {
            "sqlite": f"sqlite:///{folder}/accounts.db",
            "postgresql": servers.empty_database("postgresql"),
            "mongodb": servers.empty_database("mongodb"),
        }
        for kind in sys.argv[1:] or databases:
            measure(kind, databases[kind])


def measure(kind: str, url: str) -> None:
    """Print the bytes of each action, the mean of many."""
    settings = Settings(
        store=url,
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),
        events=["memory://"],
    )
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        register(service, "first")
        size = SIZES[kind]
        for action in (registrations, logins, refreshes):
            before = size(url)
            action(service)
            print(f"{kind}, {action.__name__}: {(size(url) - before) / TIMES:,.0f} bytes each")


def register(service: Service, name: str) -> None:
    service.bus.handle(
        RegisterUser.of_text(
            user_name=name,
            email=f"{name}@example.org",
            first_name="Ada",
            last_name="Lovelace",
            password=PASSWORD,
        )
    )


def registrations(service: Service) -> None:
    for number in range(TIMES):
        register(service, f"user{number}")


def logins(service: Service) -> None:
    for number in range(TIMES):
        service.bus.handle(login(f"user{number}"))


def refreshes(service: Service) -> None:
    """Refresh ten sessions a hundred times each."""
    for number in range(10):
        token = service.bus.handle(login(f"user{number}")).refresh
        for _ in range(TIMES // 10):
            token = service.bus.handle(RefreshSession(refresh=token)).refresh


def login(name: str) -> LogIn:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    return LogIn(user_name=name, password=PASSWORD, client_address="192.0.2.7", user_agent=agent)


def sqlite_bytes(url: str) -> int:
    path = Path(urlsplit(url).path.removeprefix("/"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    return int(pages) * int(size)


def postgresql_bytes(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        found = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchone()
    return 0 if found is None else int(found[0])


def mongodb_bytes(url: str) -> int:
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        client.admin.command("fsync")
        stats = database.command("dbStats")
    return int(stats["dataSize"]) + int(stats["indexSize"])


SIZES: dict[str, Callable[[str], int]] = {
    "sqlite": sqlite_bytes,
    "postgresql": postgresql_bytes,
    "mongodb": mongodb_bytes,
}


if __name__ == "__main__":
    main()
