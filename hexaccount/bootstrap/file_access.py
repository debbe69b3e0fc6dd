"""Refuses files that cannot be used, and those of secrets that another user may have written, or may read."""

import codecs
import errno
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.kernel.files import exists, naming, remedy_for

GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO
WRITABLE = stat.S_IWGRP | stat.S_IWOTH
WORLD_WRITABLE = stat.S_IWOTH
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOST_BYTES = 2**20
_PIPE_TIMEOUT = 10  # seconds


def read_text(path: Path, subject: str) -> str:
    """Return the text of a file without a byte order mark; raises SettingsError, which begins with `subject`."""
    refuse_shared(path, WORLD_WRITABLE, subject=subject)
    with read_errors(subject), naming(path):
        content = _read(path, subject)
    if content.startswith(_UTF_16) or b"\0" in content:
        raise SettingsError(f"{subject} is UTF-16 text, or none at all; save it as UTF-8 text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{subject} is not UTF-8 text; save it as such") from None


def _read(path: Path, subject: str) -> bytes:
    """Return the content of a file or a pipe, which must end: stop signals are blocked while a process starts."""
    content, end = b"", monotonic() + _PIPE_TIMEOUT
    with open(path, "rb", buffering=0, opener=_open_without_waiting) as file:
        poll = select.poll()
        poll.register(file, select.POLLIN)
        while poll.poll(max(0, end - monotonic()) * 1000):
            part = file.read(_MOST_BYTES + 1)
            if part == b"":
                return content
            content += part or b""
            if len(content) > _MOST_BYTES:
                raise SettingsError(f"{subject} has more than {_MOST_BYTES:,} bytes; name another file")
    raise SettingsError(f"{subject} is a pipe that nobody has written and closed for {_PIPE_TIMEOUT} s; name a file")


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for its writer


@contextmanager
def read_errors(subject: str) -> Iterator[None]:
    """Raise SettingsError, which begins with `subject` and has the remedy, in place of OSError."""
    try:
        yield
    except OSError as error:
        remedy = remedy_for(error) or "name another file"
        raise SettingsError(f"{subject} cannot be read: {error.strerror}; {remedy}") from error


def check_database_file(file: Path) -> None:
    """Raise the OSError with which a database cannot be opened or made, as SQLite does not say why.

    Raises SettingsError for a device. It opens nothing: closing a file ends the locks that this process has on it.
    """
    check_access(file.parent, os.W_OK | os.X_OK)
    if exists(file):
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if not file.is_file():
            raise SettingsError(f"{file} is a device, a pipe or a socket; name a file in the setting store")
        check_access(file, os.R_OK | os.W_OK)


def check_access(path: Path, access: int) -> None:
    """Raise the OSError with which a path cannot be used; `access` has the bits of os.access, X_OK for a folder."""
    if not stat.S_ISDIR(path.stat().st_mode) and access & os.X_OK:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if not os.access(path, access, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def refuse_shared(path: Path, forbidden: int, *, subject: str = "") -> None:
    """Raise SettingsError if a file or folder has one of the `forbidden` permission bits; what does not exist passes.

    In a folder with the sticky bit, such as /tmp, other users cannot replace a file.
    """
    mode = _mode_of(path)
    if mode & forbidden and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        permissions = stat.S_IMODE(mode)
        raise SettingsError(
            f"{subject or path} is open to other users of this machine (mode {permissions:o}), who may have read or "
            f"replaced what it holds; check its content, then run: chmod {permissions & ~forbidden:o} {path}"
        )


def refuse_foreign(path: Path) -> None:
    """Raise SettingsError if a file or folder belongs neither to this user nor to root; what does not exist passes."""
    if _mode_of(path) and (owner := path.stat().st_uid) not in {0, os.geteuid()}:
        raise SettingsError(
            f"{path} belongs to user {owner}, and this process runs as user {os.geteuid()}; run it as user {owner} (as "
            f"root: setpriv --reuid {owner}), or change the owner of {path} if you know what it holds"
        )


def _mode_of(path: Path) -> int:
    """Return type and permissions; 0 for what cannot be inspected, or is no file or folder, such as a pipe."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return 0  # reading it reports why
    return mode if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else 0
