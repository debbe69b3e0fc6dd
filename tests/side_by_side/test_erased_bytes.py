"""After an erasure, and what the operations page asks for, no file of a database holds the person in readable form."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.events.list_events import ListEvents
from tests.chaos.disruption import wait_until
from tests.people import PASSWORD, log_in, registration
from tests.servers.mongo import MongoServer
from tests.servers.postgres import PostgresServer
from tests.signing_key import SIGNING_KEY

pytestmark = [pytest.mark.servers, pytest.mark.long]

OTHERS = 999
PRIMARY, SECONDARY = 1, 2
PERSON = {"first_name": "Zenobia", "last_name": "Quillfeather", "email": "queen@palmyra.example"}
SECRETS = ("zenobia_of_palmyra", *PERSON.values(), "203.0.113.199", "An uncommon device", "A queen in exile")


@contextmanager
def service_on(url: str) -> Iterator[Service]:
    settings = Settings(store=url, password=PasswordSettings(cost=4), jwt=JwtSettings(key=SIGNING_KEY))
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        yield service


def fill(service: Service, others: int = OTHERS) -> UUID:
    """Register everybody, and return the account that will be erased."""
    for number in range(others):
        service.bus.handle(registration(f"user-{number}"))
    erased: UUID = service.bus.handle(registration(SECRETS[0], **PERSON))
    log_in(service.bus, SECRETS[0], PASSWORD, client_address="203.0.113.199", user_agent="An uncommon device")
    service.bus.handle(UpdateProfile.of_text(erased, {"bio": "A queen in exile"}))
    service.deliver_all()
    return erased


def histories(service: Service, others: int = OTHERS) -> list[object]:
    """Return the events of some of the others."""
    users = (service.bus.handle(GetUser(reference=f"user-{number}")) for number in range(0, others, 100))
    return [service.bus.handle(ListEvents(user_id=user.id)) for user in users]


def erase(url: str, folder: Path, others: int = OTHERS) -> None:
    with service_on(url) as service:
        erased = fill(service, others)
        before = histories(service, others)
        assert readable_in(folder) != [], "the search does not find what is there"
        service.bus.handle(EraseUser(user_id=erased))
        assert histories(service, others) == before


def readable_in(folder: Path, texts: Sequence[str] = SECRETS) -> list[tuple[str, str]]:
    """Return which of the texts stand in which files, in any case of letters."""
    return [
        (text, file.name)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for content in [file.read_bytes().lower()]
        for text in texts
        if text.lower().encode() in content
    ]


@pytest.mark.parametrize("others", [199, pytest.param(OTHERS, marks=pytest.mark.slow)])
def test_sqlite_after_a_vacuum(tmp_path: Path, others: int) -> None:
    erase(f"sqlite:///{tmp_path}/accounts.db", tmp_path, others)

    with closing(sqlite3.connect(tmp_path / "accounts.db", isolation_level=None)) as database:
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert readable_in(tmp_path) == []


@pytest.mark.slow
def test_postgresql_after_a_full_vacuum_and_new_wal(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, settings={"wal_recycle": "off"}) as server:
        erase(server.url, server.data)

        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("VACUUM FULL")
            for _ in range(2):
                connection.execute("SELECT pg_switch_wal()")
                connection.execute("CHECKPOINT")

        assert readable_in(server.data) == []


class EmptyMember(MongoServer):
    """A server with an empty folder, to be added to a replica set."""

    def command(self) -> Sequence[str | Path]:
        """Return its command line, without compression, through which the search could not see."""
        uncompressed = ["--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none"]
        return [*super().command(), *uncompressed, "--wiredTigerIndexPrefixCompression", "false"]

    def answers(self) -> bool:
        """Return whether it accepts connections."""
        with MongoClient(self.url, serverSelectionTimeoutMS=500) as client, suppress(PyMongoError):
            return bool(client.admin.command("ping")["ok"])
        return False


@pytest.mark.slow
def test_mongodb_on_a_member_that_was_synchronised_anew(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server, EmptyMember(tmp_path) as member:
        with service_on(server.url.replace("/?", "/accounts?")) as service:
            erased = fill(service)
            before = histories(service)
            service.bus.handle(EraseUser(user_id=erased))
            assert histories(service) == before

        with MongoClient(server.url) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["members"].append({"_id": 1, "host": f"127.0.0.1:{member.port}", "priority": 0, "votes": 0})
            client.admin.command("replSetReconfig", {**config, "version": config["version"] + 1})
            wait_until(lambda: states(client) == [PRIMARY, SECONDARY], "the new member has all data")
        with MongoClient(member.url) as copy:
            assert copy["accounts"]["users"].count_documents({}) == OTHERS
            copy.admin.command("fsync")

        assert readable_in(member.data, ["user-7@example.org"]) != [], "the search does not find what is there"
        assert readable_in(member.data) == []
        for each in (member, server):
            each.kill()  # a primary that lost its secondary stops after many seconds


def states(client: MongoClient[dict[str, Any]]) -> list[int]:
    return [each["state"] for each in client.admin.command("replSetGetStatus")["members"]]
