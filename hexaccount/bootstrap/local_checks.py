"""What there is to see on this machine: the data directory, and the key that signs."""

import os
import stat
from pathlib import Path

from hexaccount.bootstrap.key_file import KEY_FILE, seed_of
from hexaccount.bootstrap.settings import DATA_DIRECTORY, DEFAULT_STORE, Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.observability.diagnosis import Finding, Verdict

_MAKES_IT = "`hexaccount migrate` makes it; so does `hexaccount http`, if no store is set."


def check_data_directory(settings: Settings) -> list[Finding]:
    """Return whether the directory is there, ours and nobody else's; nothing where the settings do without it."""
    needed = settings.store == DEFAULT_STORE or (settings.jwt.key is None and kind_of(settings).lasts)
    return [_find("data directory", DATA_DIRECTORY, of_others=0o077, mode="700")] if needed else []


def check_key(settings: Settings) -> list[Finding]:
    """Return whether the key of the settings, or its file, can be used to sign."""
    try:
        seed = seed_of(settings)
    except SettingsError as error:
        return [Finding(part="key", verdict=Verdict.TO_DO, message=str(error))]
    if settings.jwt.key is None and kind_of(settings).lasts:
        return [_find("key", KEY_FILE, of_others=0o077, mode="600")]
    return [Finding(part="key", verdict=Verdict.WELL, message=f"it can sign with {seed.algorithm}")]


def check_store_file(file: Path) -> list[Finding]:
    """Return what stands against a store that is a file, if anything."""
    folder = _find("store", file.parent, of_others=0, mode="")
    found = _find("store", file, of_others=0o007, mode="600")
    return [finding for finding in (folder, found) if finding.verdict is not Verdict.WELL][:1]


def _find(part: str, path: Path, *, of_others: int, mode: str) -> Finding:
    try:
        permissions = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return Finding(part=part, verdict=Verdict.TO_DO, message=f"there is no {path} yet", remedy=_MAKES_IT)
    except OSError as error:
        message, remedy = f"{path} cannot be looked at ({error.strerror})", "Run this as the user of the service."
        return Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=remedy)
    if not os.access(path, os.R_OK | os.W_OK):
        remedy = "Give it to the user of the service, or run this as that user."
        return Finding(part=part, verdict=Verdict.TO_DO, message=f"this user may not write {path}", remedy=remedy)
    if permissions & of_others:
        message = f"others on this machine may use {path}, which has mode {permissions:o}"
        return Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=f"chmod {mode} {path}")
    return Finding(part=part, verdict=Verdict.WELL, message=f"{path} is there, and closed to others")
