"""The benchmarks read databases directly; what they report of plans and scans is correct."""

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
from hexaccount.accounts.users import Users
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
    """Yield the URL of a filled store, and its RawStore."""
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
    """Scan all users for one that no index finds."""
    if url.startswith("mongodb:"):
        with MongoClient[dict[str, Any]](url) as client:
            client.get_default_database()["users"].find_one({"first_name": "Missing"})
    else:
        _send(url, "SELECT name FROM users WHERE first_name = 'Missing'")


def count(url: str) -> None:
    """Count the first users, which are found by an index."""
    first = _CROWD.id_of(3)
    if url.startswith("mongodb:"):
        with MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client:
            client.get_default_database()["users"].count_documents({"_id": {"$lt": first}})
    else:
        _send(url, f"SELECT count(*) FROM users WHERE id < '{first}'")


def look_up(url: str) -> None:
    """Find a user as a login does."""
    with service_of(url) as service, service.store.unit_of_work() as uow:
        assert find_by_login(uow, _CROWD.email_of(7))


def _send(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def test_the_store_finds_all_users_that_it_was_filled_with(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    with service_of(url) as service, service.store.unit_of_work() as uow:
        stored = Users(uow).page(limit=_MANY + 1, after=None)
        assert list(map(state, stored)) == list(map(state, _CROWD.members(_MANY)))
        assert find_by_login(uow, _CROWD.name_of(500)) in stored
    assert (raw.count("users"), raw.count("profiles")) == (_MANY, 0)


def test_a_look_up_by_an_index_is_no_fault(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    before = raw.scans()
    (plan,) = raw.plans(lambda: look_up(url))
    assert plan.faults == ()
    assert any(index in plan.steps for index in ("users_email_key", "IDHACK"))
    assert raw.scans() == before


@pytest.mark.parametrize("action", [scan, count])
def test_scanning_and_counting_are_faults(filled: tuple[str, RawStore], action: Callable[[str], None]) -> None:
    url, raw = filled
    (plan,) = raw.plans(lambda: action(url))
    assert len(plan.faults) == 1


def test_a_scan_by_another_connection_is_counted(filled: tuple[str, RawStore]) -> None:
    url, raw = filled
    count(url)
    before = raw.scans()
    scan(url)
    until = time.monotonic() + 10  # PostgreSQL counts a connection's scans soon after its end
    while raw.scans() == before and time.monotonic() < until:
        time.sleep(0.02)
    assert raw.scans() == before + 1


def state(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in User.__dataclass_fields__}
