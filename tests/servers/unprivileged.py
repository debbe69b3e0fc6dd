import os
import pwd
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """The user of a server that refuses to run as root."""

    uid: int
    gid: int

    def can_read(self, path: Path) -> bool:
        """Return whether the permissions of a file and of all directories above it let this user read it."""
        path = path.resolve()
        return self.can_enter(path.parent) and self._may(path, stat.S_IROTH)

    def can_enter(self, directory: Path) -> bool:
        """Return whether the permissions of a directory and of all above it let this user enter it."""
        directory = directory.resolve()
        return all(self._may(each, stat.S_IXOTH) for each in (directory, *directory.parents))

    def _may(self, path: Path, wanted: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & wanted << 6)
        if status.st_gid == self.gid:
            return bool(status.st_mode & wanted << 3)
        return bool(status.st_mode & wanted)


def server_identity() -> Identity | None:
    """Return the user `nobody` if this process runs as root, else None: the server runs as the same user."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Identity(nobody.pw_uid, nobody.pw_gid)


def reachable_directory(identity: Identity | None, candidates: Iterable[Path] = ()) -> Path:
    """Return the first directory that the identity can enter, of the candidates and the system's temporary ones."""
    tried = [*candidates, *map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"))]
    for directory in tried:
        if directory.is_dir() and (identity is None or identity.can_enter(directory)):
            return directory
    raise PermissionError(f"the user `nobody` can enter none of {', '.join(map(str, tried))}: set TMPDIR to one it can")
