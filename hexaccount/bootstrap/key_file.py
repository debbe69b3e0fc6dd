"""The signing key that the service makes for itself where none is set."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import DATA_DIRECTORY, PREFIX, Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of

if TYPE_CHECKING:
    from hexaccount_security.token_key import TokenKey

KEY_FILE = DATA_DIRECTORY / "jwt.key"


def signing_key(settings: Settings) -> bytes:
    """Return the key that access tokens are signed with; raises SettingsError where there is none.

    Beside a store that does not outlive its process it lives as long as the process: so do the sessions.
    """
    if settings.jwt.key is not None:
        return settings.jwt.key.encode()
    if not kind_of(settings).lasts:
        return secrets.token_bytes(32)
    try:
        return KEY_FILE.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"there is no signing key: jwt.key is not set and {KEY_FILE} cannot be read ({error.strerror}); "
            f"set {PREFIX}JWT__KEY, or run `hexaccount migrate` to make the file"
        ) from error


def seed_of(settings: Settings) -> "TokenKey":
    """Return that key for use; raises SettingsError where there is none, or it does not suit `jwt.algorithm`."""
    from hexaccount_security import seed_key  # noqa: PLC0415 - who only reads or makes the file does without

    try:
        return seed_key(signing_key(settings), settings.jwt.algorithm)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def make_data_directory() -> None:
    """Make the directory that only its owner may look into, if it is not there."""
    DATA_DIRECTORY.mkdir(mode=0o700, exist_ok=True)


def make_key_file() -> Path | None:
    """Make a key for its owner's eyes only and return its file, None if there is one; whoever is first wins."""
    make_data_directory()
    draft = KEY_FILE.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        os.link(draft, KEY_FILE)  # atomic, and refused where the file exists
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    return KEY_FILE
