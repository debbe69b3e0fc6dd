"""A replay rebuilds a lost table of profiles."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES, restore_profile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.events import replay_events as replaying
from hexaccount.events.event_codec import from_entry
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount_memory import MemoryStore
from tests.people import registration
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

# Without the revision, which counts how often a row was written.
ALL_ROWS = f"SELECT {', '.join(field.name for field in PROFILES.fields)} FROM profiles ORDER BY id"
USERS = 10


@dataclass
class RebuildCase:
    """A service, with access to its table of profiles behind its back."""

    service: Service
    dump: Callable[[], Any]
    drop: Callable[[str], None]


def service_on(url: str) -> Service:
    service = open_service(Settings(store=url, jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4)))
    service.store.migrate()
    service.subscribe()
    return service


@pytest.fixture
def on_memory() -> Iterator[RebuildCase]:
    with service_on("memory://") as service:
        assert isinstance(service.store, MemoryStore)
        tables = service.store._tables

        def drop(which: str) -> None:
            for user_id in selected(sorted(tables.table(PROFILES).rows), which):
                tables.table(PROFILES).put(user_id, None)

        def dump() -> list[tuple[Any, ...]]:
            return [row.values for _, row in sorted(tables.table(PROFILES).rows.items())]

        yield RebuildCase(service, dump, drop)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[RebuildCase]:
    file = tmp_path / "hexaccount.db"
    with service_on(f"sqlite:///{file}") as service, closing(sqlite3.connect(file, isolation_level=None)) as rows:

        def drop(which: str) -> None:
            ids = [row[0] for row in rows.execute(ALL_ROWS)]
            rows.executemany("DELETE FROM profiles WHERE id = ?", [(one,) for one in selected(ids, which)])

        yield RebuildCase(service, lambda: rows.execute(ALL_ROWS).fetchall(), drop)


@pytest.fixture
def on_postgresql(postgres_server: str) -> Iterator[RebuildCase]:
    with (
        temporary_database(postgres_server) as url,
        service_on(url) as service,
        psycopg.connect(url, autocommit=True) as rows,
    ):

        def drop(which: str) -> None:
            ids = [row[0] for row in rows.execute(ALL_ROWS).fetchall()]
            rows.execute("DELETE FROM profiles WHERE id = ANY(%s)", [selected(ids, which)])

        yield RebuildCase(service, lambda: rows.execute(ALL_ROWS).fetchall(), drop)


@pytest.fixture
def on_mongodb(mongo_server: str) -> Iterator[RebuildCase]:
    with (
        temporary_mongo_database(mongo_server) as url,
        service_on(url) as service,
        MongoClient[RawBSONDocument](url, document_class=RawBSONDocument, uuidRepresentation="standard") as client,
    ):
        profiles = client.get_default_database()["profiles"]

        def drop(which: str) -> None:
            ids = [document["_id"] for document in profiles.find(sort=[("_id", 1)])]
            profiles.delete_many({"_id": {"$in": selected(ids, which)}})

        def dump() -> list[bytes]:
            return [document.raw for document in profiles.find({}, {"revision": False}, sort=[("_id", 1)])]

        yield RebuildCase(service, dump, drop)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "mongodb"])
def case(request: pytest.FixtureRequest) -> RebuildCase:
    found: RebuildCase = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def case_of_database(request: pytest.FixtureRequest) -> RebuildCase:
    """Return a case whose table other processes can change."""
    found: RebuildCase = request.getfixturevalue(f"on_{request.param}")
    return found


def selected(ids: Sequence[Any], which: str) -> list[Any]:
    """Return all ids, or every other one."""
    return list(ids if which == "all" else ids[::2])


def populate(service: Service) -> list[UUID]:
    """Register users and change their profiles at random."""
    chance = random.Random(7)
    texts = ["", "First programmer", "\U0001f600 \u05e9\u05dc\u05d5\u05dd", "one\ntwo", "x" * 400]
    ids = [service.bus.handle(registration(f"user{number}")) for number in range(USERS)]
    service.deliver_all()
    for _ in range(60):
        changes = {name: chance.choice(texts) for name in ("bio", "address") if chance.random() < 0.7}
        changes["phone"] = chance.choice(["", "+49 30 901820", "110"])
        service.bus.handle(UpdateProfile.of_text(chance.choice(ids), changes))
    return ids


def rebuild(service: Service, **event_filter: Any) -> int:
    replayed, after = 0, None
    while True:
        step = service.bus.handle(ReplayEvents(replay=Replay(target="profiles", **event_filter), after=after))
        replayed, after = replayed + step.events, step.next
        if after is None:
            return replayed


@pytest.mark.parametrize("which", ["all", "every other"])
def test_a_rebuilt_table_equals_the_original(case: RebuildCase, which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(case.service)
    original = case.dump()
    events = case.service.store.history.count(EventFilter())
    monkeypatch.setattr(replaying, "BATCH", 20)
    case.drop(which)
    assert case.dump() != original
    assert rebuild(case.service) == events - USERS
    assert case.dump() == original
    assert rebuild(case.service) == events - USERS
    assert case.dump() == original
    assert case.service.store.history.count(EventFilter()) == events


def test_a_table_from_an_old_backup_is_updated(case: RebuildCase) -> None:
    ids, store = populate(case.service), case.service.store
    original = case.dump()
    case.drop("all")
    with store.unit_of_work() as uow:
        journals = [[from_entry(entry) for entry in uow.journal.of(Profile.kind, user_id)] for user_id in ids]
    for events in journals:
        restore_profile(Profile.fold(events[: 1 + len(events) // 2]), store.unit_of_work)
    assert len(case.dump()) == USERS
    assert case.dump() != original
    rebuild(case.service)
    assert case.dump() == original


def test_a_rebuild_from_an_event_or_of_one_account_makes_whole_profiles(case: RebuildCase) -> None:
    user_id, *_ = populate(case.service)
    original = case.dump()
    case.drop("all")
    rebuild(case.service, user_id=user_id)
    assert len(case.dump()) == 1
    assert case.dump()[0] in original
    last = case.service.store.history.page(EventFilter(), limit=10_000, after=None)[-1]
    rebuild(case.service, first=last.id)
    assert 1 <= len(case.dump()) <= 2
    assert all(row in original for row in case.dump())


def test_a_lost_profile_refuses_changes_until_it_is_rebuilt(case_of_database: RebuildCase) -> None:
    service = case_of_database.service
    user_id, *_ = populate(service)
    before = service.bus.handle(GetProfile(user_id=user_id))
    case_of_database.drop("all")
    assert service.bus.handle(GetProfile(user_id=user_id)).version == 0
    with pytest.raises(StaleVersion):
        service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": "too early"}))
    rebuild(service)
    assert service.bus.handle(GetProfile(user_id=user_id)) == before
    assert service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": "now"})).version == before.version + 1


def test_no_change_is_lost_during_the_rebuild(case: RebuildCase, monkeypatch: pytest.MonkeyPatch) -> None:
    service = case.service
    ids = populate(service)
    case.drop("every other")
    monkeypatch.setattr(replaying, "BATCH", 10)
    written: dict[UUID, str] = {}
    after: JournalKey | None = None
    for number in range(1000):
        step = service.bus.handle(ReplayEvents(replay=Replay(target="profiles"), after=after))
        after = step.next
        for user_id in ids:
            if service.bus.handle(GetProfile(user_id=user_id)).version:
                text = f"during the rebuild: {number}"
                written[user_id] = service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": text})).bio or ""
        if after is None:
            break
    assert {user_id: service.bus.handle(GetProfile(user_id=user_id)).bio for user_id in ids} == written
    before = case.dump()
    case.drop("all")
    rebuild(service)
    assert case.dump() == before
