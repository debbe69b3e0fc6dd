"""What is archived from a database comes back into it unchanged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hexaccount.archive import batches, write_archive
from hexaccount.archive.remove_archived import RemoveArchived
from hexaccount.archive.restore_archived import RestoreArchived
from hexaccount.archive.write_archive import WriteArchive
from hexaccount.bootstrap.service import open_service
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.events.ports import EventFilter
from hexaccount_archive import files
from tests.adapters.archive.killed_archiving import settings_of
from tests.servers.mongo import temporary_mongo_database
from tests.servers.postgres import temporary_database

ALL = EventFilter()


@pytest.fixture(params=["memory", "sqlite", "postgresql", "mongodb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the `store` setting of an empty store."""
    if request.param == "memory":
        yield "memory://"
    elif request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/accounts.db"
    elif request.param == "postgresql":
        with temporary_database(request.getfixturevalue("postgres_server")) as found:
            yield found
    else:
        with temporary_mongo_database(request.getfixturevalue("mongo_server")) as found:
            yield found


def test_events_are_archived_and_restored(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name, value in (
        (batches, "BATCH", 4),
        (files, "MAX_BYTES", 3000),
        (write_archive, "YOUNGEST", timedelta(days=-1)),
        (write_archive, "_PAGE", 5),
    ):
        monkeypatch.setattr(owner, name, value)
    factory = Factory()
    with open_service(settings_of(url)) as service:
        service.store.migrate()
        for number in range(5):
            user = factory.user(first_name=f"Zoë {number}")
            profile = factory.profile(user.id, bio="one\u2028two\t\\ \U0001f9ed", phone=None)
            save(service.store, user, factory.session(user), profile)
        before = service.store.history.page(ALL, limit=100, after=None)
        folder = tmp_path / "archive"
        manifest = service.bus.handle(WriteArchive(before=datetime.now(UTC) + timedelta(hours=1), folder=folder))
        assert manifest is not None
        assert (manifest.events, len(manifest.files) > 2) == (20, True)
        removed = [service.bus.handle(RemoveArchived(folder=folder, file=file)) for file in manifest.files]
        assert (sum(removed), service.store.history.count(ALL)) == (20, 0)
        restored = [service.bus.handle(RestoreArchived(folder=folder, file=file)) for file in manifest.files]
        assert restored == removed
        assert list(service.store.history.page(ALL, limit=100, after=None)) == list(before)
