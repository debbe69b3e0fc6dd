"""Wherever archiving is killed, no event is lost, and a repetition completes it."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from shutil import copyfile, rmtree
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter
from hexaccount_archive import FolderArchives
from tests.adapters.archive.killed_archiving import KILLED, archive, settings_of

pytestmark = pytest.mark.long

EVENTS = 6
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([archive.__module__])


def test_archiving_loses_nothing_wherever_it_is_killed(tmp_path: Path) -> None:
    template, folder = tmp_path / "template.db", tmp_path / "2025"
    before = datetime.now(UTC) + timedelta(hours=1)
    expected = fill(f"sqlite:///{template}")
    for point in count(1):
        database = tmp_path / "accounts.db"
        copyfile(template, database)
        code = run(f"sqlite:///{database}", folder, before, point)
        archived, stored = events_of(folder), journal(f"sqlite:///{database}")
        assert archived | stored == expected, f"events are lost at point {point}"
        assert archived in ({}, expected), f"an archive is incomplete at point {point}"
        assert run(f"sqlite:///{database}", folder, before, 0) == 0
        assert (events_of(folder), journal(f"sqlite:///{database}")) == (expected, {})
        assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["2025"]
        rmtree(folder)
        for path in tmp_path.glob("accounts.db*"):
            path.unlink()
        if code == 0:
            break
        assert code == KILLED
    assert point > EVENTS, "the points are not counted"


def fill(url: str) -> dict[UUID, JournalEntry]:
    factory = Factory()
    with open_service(settings_of(url)) as service:
        service.store.migrate()
        save(service.store, *(factory.user() for _ in range(EVENTS)))
    return journal(url)


def journal(url: str) -> dict[UUID, JournalEntry]:
    with open_service(settings_of(url)) as service:
        return {entry.id: entry for entry in service.store.history.page(EventFilter(), limit=100, after=None)}


def events_of(folder: Path) -> dict[UUID, JournalEntry]:
    manifest = FolderArchives().find(folder)
    files = manifest.files if manifest else ()
    return {entry.id: entry for file in files for entry in FolderArchives().read(folder, file)}


def run(url: str, folder: Path, before: datetime, killed_at: int) -> int | None:
    process = PROCESSES.Process(target=archive, args=(url, folder, before, killed_at))
    process.start()
    process.join(60)
    return process.exitcode
