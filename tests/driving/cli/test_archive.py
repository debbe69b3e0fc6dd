import errno
import json
from datetime import timedelta

import pytest

from hexaccount.accounts.profiles import PROFILES
from hexaccount.archive import write_archive
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.clock import format_time
from hexaccount_archive import files
from tests.driving.cli.test_replay import HANDLER, pending


@pytest.fixture(autouse=True)
def _events_of_today_are_archived(monkeypatch):
    monkeypatch.setattr(write_archive, "YOUNGEST", timedelta(days=-1))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "2025"


@pytest.fixture
def archive(run, program, folder):
    """Archive all events so far."""

    def archive(*more, before=None, stdin=""):
        moment = before or in_a_minute(program)
        return run("events", "archive", "--before", moment, "--to", str(folder), *more, stdin=stdin)

    return archive


def in_a_minute(program):
    return format_time(program.service.container.clock().now() + timedelta(minutes=1))


def events(program):
    return list(program.service.store.history.page(EventFilter(), limit=100, after=None))


def test_events_are_moved_and_restored(run, program, archive, folder, ada):
    program.service.deliver_all()
    before = events(program)
    result = archive("--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Archived 4 events to {folder}, and removed 4 from the journal.\n"
    assert events(program) == []
    assert run("events", "list", "ada").stderr == "ada has no such events.\n"
    result = run("events", "restore", str(folder))
    assert (result.exit_code, result.stdout) == (0, f"Restored 4 events from {folder}.\n")
    assert events(program) == before
    assert json.loads(run("events", "restore", str(folder), "--json").stdout) == {"data": {"restored": 0}}


def test_an_archive_asks_for_confirmation(program, archive, folder, ada):
    program.service.deliver_all()
    result = archive(before="2026-01-01", stdin="n\n")
    assert result.exit_code == 130
    assert result.stderr.startswith(f"Move all events from before 2026-01-01 00:00 UTC to {folder}? [y/N]")
    assert len(events(program)) == 4
    assert not folder.exists()


def test_events_that_a_subscriber_has_yet_to_handle_stay_until_it_has(program, archive, ada):
    program.service.store.outbox.subscribe("crm", ["*"])
    program.service.deliver_all()
    program.service.store.outbox.enqueue("crm", events(program)[2:3])
    moment = in_a_minute(program)
    result = archive("--yes", "--json", before=moment)
    assert json.loads(result.stdout) == {"data": {"archived": 4, "removed": 3}}
    assert result.stderr.startswith("The others were removed before, or wait for a subscriber: run it again")
    claimed = program.service.store.outbox.claim(
        "crm", limit=9, now=program.service.container.clock().now(), lease=timedelta(seconds=9)
    ).deliveries
    assert [delivery.entry for delivery in claimed] == events(program)
    program.service.store.outbox.acknowledge(claimed)
    assert json.loads(archive("--yes", "--json", before=moment).stdout) == {"data": {"archived": 4, "removed": 1}}
    assert events(program) == []


def test_another_archive_is_not_overwritten(program, archive, folder, ada):
    program.service.deliver_all()
    archive("--yes", before="2026-01-01")
    assert not folder.exists()
    archive("--yes")
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = archive("--yes", before="2020-01-01")
    assert result.exit_code == 1
    assert "give that date to complete it, or another folder" in result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == content


def test_nothing_old_enough_writes_nothing(archive, folder, ada):
    result = archive("--yes", before="2020-01-01")
    assert (result.exit_code, result.stdout) == (0, "There are no events from before then.\n")
    assert not folder.exists()


def test_events_of_the_last_day_stay(archive, folder, ada, monkeypatch):
    monkeypatch.setattr(write_archive, "YOUNGEST", timedelta(days=1))
    for before in (None, "2999-01-01"):
        result = archive("--yes", before=before)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: events of the last day stay in the journal; give a date up to 20")
    assert not folder.exists()


def test_a_missing_folder_is_named(run, archive, folder, ada, tmp_path):
    folder = tmp_path / "missing" / "2025"
    result = run("events", "archive", "--before", "2999-01-01", "--to", str(folder), "--yes")
    assert result.exit_code == 1
    result = run("events", "restore", str(folder))
    assert (result.exit_code, result.stderr) == (
        1,
        f"error: {folder} has no manifest.json; name the folder of an archive\n",
    )


def test_a_full_disk_leaves_the_journal(program, archive, folder, ada, monkeypatch):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    program.service.deliver_all()
    before = events(program)
    with monkeypatch.context() as patch:
        patch.setattr(files, "sync", full)
        result = archive("--yes")
    assert result.exit_code == 3
    assert result.stderr == f"error: free space, or write to another place; {folder}: No space left on device\n"
    assert events(program) == before
    assert archive("--yes").exit_code == 0
    assert events(program) == []


def test_a_damaged_archive_removes_nothing(program, archive, folder, ada):
    program.service.deliver_all()
    program.service.store.outbox.enqueue(HANDLER, events(program)[:1])
    moment = in_a_minute(program)
    archive("--yes", before=moment)
    (left,) = events(program)
    program.service.deliver_all()
    (folder / "events-00001.ndjson.zst").write_bytes(b"other")
    result = archive("--yes", before=moment)
    assert result.exit_code == 1
    assert "has not the SHA-256 of the manifest" in result.stderr
    assert events(program) == [left]


@pytest.mark.usefixtures("ada")
def test_a_replay_takes_archived_events_along(run, program, archive, folder, register):
    register("grace")
    program.service.deliver_all()
    archive("--yes")
    assert run("events", "replay", HANDLER, "--yes").stdout == f"Enqueued 0 events for {HANDLER}.\n"
    result = run("events", "replay", HANDLER, "--user", "ada", "--archive", str(folder), stdin="y\n")
    assert result.stderr.startswith(f"Deliver 0 events and those of {folder} to {HANDLER} again? [y/N]")
    assert result.stdout == f"Enqueued 1 event for {HANDLER}.\n"
    assert pending(program, HANDLER) == ["hexaccount.user.registered.v1"]
    assert len(events(program)) == 4
    assert run("events", "replay", HANDLER, "--archive", str(folder), "--yes").stdout.startswith("Enqueued 2 events")


def test_profiles_are_rebuilt_from_archive_and_journal_together(run, program, archive, folder, ada):
    program.service.deliver_all()
    stored = program.service.store._tables.table(PROFILES).rows
    (before,) = stored.values()
    archive("--yes")
    run("events", "restore", str(folder))
    (created,) = program.service.store.history.page(
        EventFilter(types=["hexaccount.profile.created.v1"]), limit=9, after=None
    )
    program.service.store.retention_store.remove_events([created.id])
    stored.clear()
    assert run("events", "replay", "profiles", "--yes").stdout == "Replayed 0 events to profiles.\n"
    result = run("events", "replay", "profiles", "--yes", "--archive", str(folder))
    assert result.stdout == "Replayed 1 event to profiles.\n"
    assert [row.values for row in stored.values()] == [before.values]
