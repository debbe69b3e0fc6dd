import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from hexaccount.archive.manifest import FORMAT, ArchivedFile, Manifest
from hexaccount.archive.ports import ArchiveDamaged, ArchiveFolderTaken, ArchiveFolderUnusable, Archives
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.files import exists, naming
from hexaccount_archive.files import create_file, read_file, sync, write_files

_MANIFEST = "manifest.json"


class FolderArchives(Archives):
    """Archives in folders that only their owner may enter.

    An archive is written to a folder beside its own, which has `.partial` after its name, and is renamed when it is
    complete. What an interrupted command has left there is written anew.
    """

    def find(self, folder: Path) -> Manifest | None:
        if not exists(folder) or (folder.is_dir() and not any(folder.iterdir())):
            return None
        manifest = folder / _MANIFEST
        if not manifest.is_file():
            raise ArchiveFolderTaken(f"{folder} holds something else than an archive; name a new folder")
        return _decoded(manifest)

    def write(
        self, folder: Path, entries: Iterable[JournalEntry], *, before: datetime, created_at: datetime
    ) -> Manifest:
        folder = folder.absolute()
        with naming(folder), _partial(folder) as partial:
            files = tuple(write_files(partial, entries))
            manifest = Manifest(
                format=FORMAT,
                hexaccount=version("hexaccount"),
                created_at=created_at,
                before=before,
                events=sum(file.events for file in files),
                first=files[0].first,
                last=files[-1].last,
                files=files,
            )
            with create_file(partial / _MANIFEST) as file:
                file.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
                sync(file)
        return manifest

    def read(self, folder: Path, file: ArchivedFile) -> Iterator[JournalEntry]:
        if Path(file.name).name != file.name:
            raise ArchiveDamaged(f"the manifest of {folder} names a file in another folder; restore it from a copy")
        return read_file(folder / file.name, file)


def _decoded(path: Path) -> Manifest:
    content = path.read_bytes()
    try:
        if msgspec.json.decode(content)["format"] != FORMAT:
            raise ArchiveDamaged(f"{path} has a format that this version does not read; use the one that wrote it")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, TypeError, KeyError) as error:
        raise ArchiveDamaged(f"{path} is no manifest of an archive; restore it from a copy: {error}") from error


@contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes its place at the end; raises ArchiveFolderUnusable."""
    if folder.is_mount():
        raise ArchiveFolderUnusable(f"{folder} is a mounted file system; name a new folder in it")
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(partial, descriptor)
        for left in partial.iterdir():
            left.unlink()
        yield partial
        os.fsync(descriptor)
        partial.rename(folder)
        _sync_folder(folder.parent)
    finally:
        os.close(descriptor)


def _lock(partial: Path, descriptor: int) -> None:
    """Keep other commands out until the descriptor is closed, also by a crash."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ArchiveFolderUnusable(f"another command is writing {partial}; wait for it") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
