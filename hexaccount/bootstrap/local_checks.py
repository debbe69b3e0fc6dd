"""Checks of this machine: the data directory, the signing key, the hashing engine and the file of the store.

They raise OSError for what cannot be used.
"""

import os
import stat
from pathlib import Path

from hexaccount.bootstrap.file_access import check_access
from hexaccount.bootstrap.hashers import bcrypt_engine
from hexaccount.bootstrap.key_file import KEY_FILE, root_key_of
from hexaccount.bootstrap.settings import DATA_DIRECTORY, DEFAULT_STORE, Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.kernel.files import exists
from hexaccount.observability.diagnosis import Finding, Verdict

_MIGRATE = "Run `hexaccount migrate` to create it; without a configured store `hexaccount http` creates it too."


def check_data_directory(settings: Settings) -> list[Finding]:
    """Check that the directory exists and is closed to other users; no finding if the settings do not need it."""
    needed = settings.store == DEFAULT_STORE or (settings.jwt.key is None and kind_of(settings).persistent)
    if not needed:
        return []
    only_read = settings.store != DEFAULT_STORE and exists(KEY_FILE)
    access = os.X_OK if only_read else os.R_OK | os.W_OK | os.X_OK
    return [_check_path("data directory", DATA_DIRECTORY, access, forbidden=0o077, mode="700")]


def check_key(settings: Settings) -> list[Finding]:
    """Check that the key of the settings, or of the key file, can sign."""
    try:
        key = root_key_of(settings)
    except SettingsError as error:
        return [Finding(part="key", verdict=Verdict.TO_DO, message=str(error))]
    return [Finding(part="key", verdict=Verdict.OK, message=f"it can sign with {key.algorithm}")]


def check_hashing(settings: Settings) -> list[Finding]:
    """Name the engine that computes bcrypt here."""
    engine = bcrypt_engine(settings)
    at_once = "one hash at a time" if engine.lanes == 1 else f"up to {engine.lanes} hashes at once on each core"
    return [Finding(part="hashing", verdict=Verdict.OK, message=f"the engine {engine.name} computes {at_once}")]


def check_store_file(file: Path) -> list[Finding]:
    """Return the first problem with a store that is a file, if there is one."""
    folder = _check_path("store", file.parent, os.R_OK | os.W_OK | os.X_OK, forbidden=0, mode="")
    found = _check_path("store", file, os.R_OK | os.W_OK, forbidden=0o007, mode="600")
    return [finding for finding in (folder, found) if finding.verdict is not Verdict.OK][:1]


def _check_path(part: str, path: Path, access: int, *, forbidden: int, mode: str) -> Finding:
    """Check that this user has access to a path, and that it has none of the `forbidden` permission bits."""
    if not exists(path):
        return Finding(part=part, verdict=Verdict.TO_DO, message=f"{path} does not exist yet", remedy=_MIGRATE)
    check_access(path, access)
    permissions = stat.S_IMODE(path.stat().st_mode)
    if permissions & forbidden:
        message = f"other users of this machine can access {path}, which has mode {permissions:o}"
        return Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=f"chmod {mode} {path}")
    return Finding(part=part, verdict=Verdict.OK, message=f"{path} exists and is closed to other users")
