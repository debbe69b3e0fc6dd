import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from backports import zstd

from hexaccount.archive.manifest import Manifest
from hexaccount.archive.ports import ArchiveDamaged, ArchiveFolderTaken, ArchiveFolderUnusable
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.files import remedy_for
from hexaccount_archive import FolderArchives, files

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
ARCHIVES = FolderArchives()


def entry(number: int) -> JournalEntry:
    return JournalEntry(
        id=UUID(int=number + 1),
        type="hexaccount.user.registered.v1",
        source="urn:hexaccount",
        subject=UUID(int=number // 3),
        time=BEFORE - timedelta(days=9) + timedelta(milliseconds=number),
        aggregate="user",
        aggregate_id=UUID(int=number // 3),
        sequence=number % 3 + 1,
        dataschema="urn:schema",
        causation_id=None if number % 2 else "request",
        traceparent=None,
        data={"user_name": "Zoë \u2028 \U0001f9ed", "epoch": number, "changes": {"bio": None}, "list": [1, True]},
    )


ENTRIES = [entry(number) for number in range(10)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "2025"


def write(folder: Path, entries: list[JournalEntry] = ENTRIES) -> Manifest:
    return ARCHIVES.write(folder, entries, before=BEFORE, created_at=BEFORE)


def read(folder: Path, manifest: Manifest) -> list[JournalEntry]:
    return [entry for file in manifest.files for entry in ARCHIVES.read(folder, file)]


def test_what_was_written_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1400)
    manifest = write(folder)
    assert ARCHIVES.find(folder) == manifest
    assert read(folder, manifest) == ENTRIES
    assert (manifest.events, manifest.first, manifest.last) == (10, ENTRIES[0].id, ENTRIES[-1].id)
    assert [file.events for file in manifest.files] == [3, 3, 3, 1]
    assert [file.first for file in manifest.files] == [ENTRIES[number].id for number in (0, 3, 6, 9)]


def test_a_file_is_ndjson_with_every_field_of_an_entry_and_the_manifest_has_its_digest(folder: Path) -> None:
    write(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (file,) = manifest["files"]
    content = (folder / file["name"]).read_bytes()
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    *lines, end = zstd.decompress(content).split(b"\n")
    assert end == b""
    assert [set(json.loads(line)) for line in lines] == [set(JournalEntry._fields)] * 10
    assert manifest["format"] == 1
    assert manifest["before"] == "2026-01-01T00:00:00Z"


def test_only_the_owner_can_read_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        write(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_is_missing_or_empty_has_no_archive(folder: Path) -> None:
    assert ARCHIVES.find(folder) is None
    folder.mkdir()
    assert ARCHIVES.find(folder) is None
    assert read(folder, write(folder)) == ENTRIES


def test_nothing_is_overwritten(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine").write_text("mine")
    with pytest.raises(ArchiveFolderTaken, match="holds something else than an archive; name a new folder"):
        ARCHIVES.find(folder)
    with pytest.raises(OSError, match="Directory not empty") as refused:
        write(folder)
    assert remedy_for(refused.value) == f"name another path, or move {folder} away, which is a folder"
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_the_folder_around_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        write(tmp_path / "missing" / "2025")
    assert remedy_for(refused.value) == f"make the folder {tmp_path}/missing, or name another path"
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveFolderTaken):
        ARCHIVES.find(tmp_path / "file")


def test_a_link_to_nothing_is_refused_before_anything_is_written(folder: Path) -> None:
    folder.symlink_to("/nowhere/volume")
    with pytest.raises(FileNotFoundError) as refused:
        ARCHIVES.find(folder)
    assert "make /nowhere/volume, to which the link" in (remedy_for(refused.value) or "")


def test_the_root_of_a_volume_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == folder)
    with pytest.raises(ArchiveFolderUnusable, match="is a mounted file system; name a new folder in it"):
        write(folder)
    assert list(folder.parent.iterdir()) == [folder]


def test_what_an_interrupted_command_has_left_is_written_anew(folder: Path) -> None:
    partial = folder.with_name("2025.partial")
    partial.mkdir()
    (partial / "events-00001.ndjson.zst").write_bytes(b"half")
    (partial / "manifest.json").write_bytes(b"{")
    assert read(folder, write(folder)) == ENTRIES
    assert not partial.exists()


def test_two_commands_do_not_write_one_archive(folder: Path) -> None:
    partial = folder.with_name("2025.partial")
    partial.mkdir()
    other = os.open(partial, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(ArchiveFolderUnusable, match=r"another command is writing .*2025.partial; wait for it"):
        write(folder)
    os.close(other)
    assert read(folder, write(folder)) == ENTRIES


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip, "has not the SHA-256 of the manifest; restore it from a copy"),
        (Path.unlink, "is missing; restore it from a copy"),
    ],
)
def test_a_damaged_file_yields_no_event(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    manifest = write(folder)
    damage(folder / manifest.files[0].name)
    with pytest.raises(ArchiveDamaged, match=message):
        ARCHIVES.read(folder, manifest.files[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-9], "is no manifest of an archive; restore it from a copy"),
        (lambda _: "[]", "is no manifest of an archive"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "has a format that this version does not read"),
        (lambda text: text.replace('"events": 10', '"events": "ten"'), "is no manifest of an archive"),
    ],
)
def test_a_damaged_manifest_is_refused(folder: Path, change: Callable[[str], str], message: str) -> None:
    write(folder)
    manifest = folder / "manifest.json"
    manifest.write_text(change(manifest.read_text()))
    with pytest.raises(ArchiveDamaged, match=message):
        ARCHIVES.find(folder)


def test_a_manifest_names_no_files_elsewhere(folder: Path, tmp_path: Path) -> None:
    write(folder)
    (folder / "events-00001.ndjson.zst").rename(tmp_path / "elsewhere")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("events-00001.ndjson.zst", "../elsewhere"))
    found = ARCHIVES.find(folder)
    assert found
    with pytest.raises(ArchiveDamaged, match="names a file in another folder"):
        ARCHIVES.read(folder, found.files[0])


def test_a_disk_that_returns_something_else_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = files.sync

    def lose(file: object) -> None:
        sync(file)  # type: ignore[arg-type]  # whatever the adapter gives it
        path = folder.with_name("2025.partial") / "events-00001.ndjson.zst"
        path.write_bytes(zstd.compress(b"".join(zstd.decompress(path.read_bytes()).splitlines(keepends=True)[1:])))

    monkeypatch.setattr(files, "sync", lose)
    with pytest.raises(ArchiveDamaged, match="reads back as something else than was written"):
        write(folder)
    assert ARCHIVES.find(folder) is None


def test_an_event_that_json_cannot_hold_is_not_archived(folder: Path) -> None:
    odd = ENTRIES[0]._replace(data={1: 2})  # type: ignore[dict-item]  # that is what is odd
    with pytest.raises(ArchiveDamaged, match="would read back as another one; it has to stay in the journal"):
        write(folder, [odd])
    assert ARCHIVES.find(folder) is None
