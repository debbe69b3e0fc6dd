"""Refuses files and folders of secrets that another user of the machine may have written, or may read."""

import os
import stat
from pathlib import Path

from hexaccount.bootstrap.settings import SettingsError

GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO
WRITABLE = stat.S_IWGRP | stat.S_IWOTH
WORLD_WRITABLE = stat.S_IWOTH


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
