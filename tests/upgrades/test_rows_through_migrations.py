"""Rows go through every migration, up and down, without a loss."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hexaccount.accounts.role import Role
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, MailSettings, PasswordSettings, Settings
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.mail.request_recovery import RequestRecovery
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.signing_keys.add_key import AddKey
from hexaccount_mongo import MongoStore
from hexaccount_mongo import schema as mongo_schema
from hexaccount_mongo.migration import migrate as migrate_mongo
from hexaccount_sql import schema as sql_schema
from hexaccount_sql.migration import migrate as migrate_sql
from tests.people import log_in, registration
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database
from tests.signing_key import SIGNING_KEY
from tests.upgrades.planted_migration import VERSIONS, planted_migration
from tests.upgrades.rows import all_rows, lost

pytestmark = pytest.mark.long

_LEASE = timedelta(seconds=30)
_UNUSUAL = 'O\'Brien "the 2nd"; -- \\ \U0001f600 e\u0301'


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    match request.param:
        case "sqlite":
            yield f"sqlite:///{tmp_path}/accounts.db"
        case "postgresql":
            with temporary_database(request.getfixturevalue("postgres_server")) as url:
                yield url
        case "mongodb":
            with temporary_mongo_database(request.getfixturevalue("mongo_server")) as url:
                yield url


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    """Give a service on the first of two versions of the schema."""
    settings = Settings(
        store=url,
        jwt=JwtSettings(key=SIGNING_KEY),
        password=PasswordSettings(cost=4),
        mail=MailSettings(url="memory://", link_base="https://example.org/account"),
    )
    with planted_migration(), open_service(settings) as service:
        migrate_to(VERSIONS[0], service)
        service.subscribe()
        yield service


def test_rows_are_what_they_were_after_every_migration_up_and_down(service: Service, url: str) -> None:
    fill_every_table(service)
    before = all_rows(url)
    # SQLite's processes count attempts in shared memory.
    unused = {"rate_limits"} if url.startswith("sqlite") else set()
    assert {name for name, rows in before.items() if not rows} == unused
    for version in [*VERSIONS[1:], *reversed(VERSIONS[:-1]), *VERSIONS[1:]]:
        migrate_to(version, service)
        after = all_rows(url)
        assert lost(before, after) == []
        if version == VERSIONS[0]:
            assert after == before
        service.store.check()
    service.deliver_all()
    assert log_in(service.bus).token
    assert all_rows(url)["sessions"] != before["sessions"]


def test_sql_and_mongodb_have_the_same_versions() -> None:
    assert mongo_schema.SUPPORTED_VERSIONS == tuple(mongo_schema.SERVES) == sql_schema.SUPPORTED_VERSIONS


@pytest.mark.parametrize("change", ["missing row", "changed value"])
def test_a_loss_is_detected(service: Service, url: str, change: str) -> None:
    fill_every_table(service)
    before = all_rows(url)
    table = "profiles"
    rows = before[table]
    after = {**before, table: rows[1:] if change == "missing row" else [{**rows[0], "bio": None}, *rows[1:]]}
    assert lost(before, after) == [table]
    assert lost(before, {**before, table: [{**row, "new": 1} for row in rows], "other": []}) == []


def fill_every_table(service: Service) -> None:
    """Store something in every table, optional values both empty and set."""
    handle = service.bus.handle
    juliet = handle(replace(registration("juliet"), idempotency_key="a key"))
    handle(registration("romeo"))
    service.deliver_all()
    handle(UpdateProfile.of_text(juliet, {"bio": _UNUSUAL, "phone": None}))
    access = log_in(service.bus, client_address="2001:db8::1", user_agent=_UNUSUAL)
    handle(RefreshSession(refresh=access.refresh))
    handle(RequestRecovery(login="juliet"))
    service.deliver_all()
    handle(LogOut(session_id=log_in(service.bus, "romeo").session_id))
    handle(AddKey())
    handle(EraseUser(user_id=handle(registration("mercutio"))))
    with pytest.raises(WrongCredentials):
        log_in(service.bus, "romeo", "a wrong one")
    now = service.container.clock().now()
    outbox = service.store.outbox
    outbox.subscribe("elsewhere", ["*"])
    handle(registration("tybalt", role=Role.ADMIN))
    handle(registration("paris"))
    claimed = outbox.claim("elsewhere", limit=9, now=now, lease=_LEASE).deliveries
    outbox.dead_letter(claimed[0], error=_UNUSUAL)
    outbox.retry_later(claimed[1], until=now + _LEASE, error="?")


def migrate_to(version: str, service: Service) -> None:
    if isinstance(service.store, MongoStore):
        migrate_mongo(service.store._database, record_schema(), version)
    else:
        migrate_sql(service.settings.store, version)
