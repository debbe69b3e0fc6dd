"""What the benchmarks know of a database past the service is so."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from pymongo import MongoClient

from benchmarks.crowd import Crowd
from benchmarks.raw_store import RawStore, open_raw_store
from hexaccount.accounts.user import User
from hexaccount.accounts.user_reference import find_by_login
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount_sql.connections import open_engine
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database

_CROWD = Crowd("$2b$04$" + "x" * 53)
_MANY = 1_000


def service_of(url: str) -> Service:
    return open_service(Settings(store=url, jwt=JwtSettings(key="a key of the tests with 32 bytes")))


@pytest.fixture(scope="module", params=["postgresql", "mongodb"])
def filled(request: pytest.FixtureRequest) -> Iterator[tuple[str, RawStore]]:
    """Give the URL of a store that was filled, and the view of it under test."""
    if request.param == "mongodb":
        database = temporary_mongo_database(request.getfixturevalue("mongo_server"))
    else:
        database = temporary_database(request.getfixturevalue("postgres_server"))
    with database as url:
        with service_of(url) as service:
            service.store.migrate()
        with open_raw_store(url) as raw:
            raw.fill(_CROWD.members(_MANY))
            yield url, raw


def scan(url: str) -> None:
    """Read all users for one of them."""
    if url.startswith("mongodb:"):
        with MongoClient[dict[str, Any]](url) as client:
            client.get_default_database()["users"].find_one({"first_name": "Nobody"})
    else:
        _send(url, "SELECT name FROM users WHERE first_name = 'Nobody'")


def count(url: str) -> None:
    """Count the first users, which are found by an index."""
    first = _CROWD.id_of(3)
    if url.startswith("mongodb:"):
        with MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client:
            client.get_default_database()["users"].count_documents({"_id": {"$lt": first}})
    else:
        _send(url, f"SELECT count(*) FROM users WHERE id < '{first}'")


def look_up(url: str) -> None:
    """Find somebody as a login does."""
    with service_of(url) as service, service.store.unit_of_work() as uow:
        assert find_by_login(uow, _CROWD.email_of(7))


def _send(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def test_the_store_finds_all_that_it_was_filled_with(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    with service_of(url) as service, service.store.unit_of_work() as uow:
        stored = uow.users.page(limit=_MANY + 1, after=None)
        assert list(map(state, stored)) == list(map(state, _CROWD.members(_MANY)))
        assert find_by_login(uow, _CROWD.name_of(500)) in stored
    assert (raw.count("users"), raw.count("profiles")) == (_MANY, 0)


def test_what_an_index_finds_is_no_fault(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    before = raw.scans()
    (plan,) = raw.plans(lambda: look_up(url))
    assert plan.faults == ()
    assert "users_email_key" in plan.steps
    assert raw.scans() == before


@pytest.mark.parametrize("deed", [scan, count])
def test_reading_all_and_counting_are_faults(filled: tuple[str, RawStore], deed: Callable[[str], None]) -> None:
    url, raw = filled
    (plan,) = raw.plans(lambda: deed(url))
    assert len(plan.faults) == 1


def test_what_reads_all_users_is_noticed_whoever_does_so(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    count(url)
    before = raw.scans()
    scan(url)
    until = time.monotonic() + 10  # PostgreSQL tells of a connection's scans soon after its end
    while raw.scans() == before and time.monotonic() < until:
        time.sleep(0.02)
    assert raw.scans() == before + 1


def state(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in User.__dataclass_fields__}
