"""The file with the signing key that `migrate` creates if `jwt.key` is not set."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.file_access import (
    GROUP_AND_OTHERS,
    WRITABLE,
    check_access,
    read_errors,
    read_text,
    refuse_foreign,
    refuse_shared,
)
from hexaccount.bootstrap.settings import DATA_DIRECTORY, PREFIX, Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.kernel.files import exists, naming, reason_of, remedy_for

if TYPE_CHECKING:
    from hexaccount_security.token_key import TokenKey

KEY_FILE = DATA_DIRECTORY / "jwt.key"


def signing_key(settings: Settings) -> bytes:
    """Return the key of the settings or of the key file; raises SettingsError if there is neither.

    It also refuses a key file that another user has made, could have replaced or can read. A store that ends with its
    process has a random key, as its sessions end with the process too.
    """
    if settings.jwt.key is not None:
        return settings.jwt.key.encode()
    if not kind_of(settings).persistent:
        return secrets.token_bytes(32)
    check_data_directory_access()
    subject = f"the signing key {KEY_FILE}"
    with read_errors(subject):
        if KEY_FILE.is_dir():  # before its mode, which is that of a folder
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(KEY_FILE))
    refuse_foreign(KEY_FILE)
    refuse_shared(KEY_FILE, GROUP_AND_OTHERS)
    with read_errors(subject):
        if not exists(KEY_FILE):
            raise SettingsError(
                f"there is no signing key: jwt.key is not set and there is no {KEY_FILE}; "
                f"set {PREFIX}JWT__KEY, or run `hexaccount migrate` to make the file"
            )
    if not (key := read_text(KEY_FILE, subject).strip()):
        raise SettingsError(f"{subject} is empty; restore it, or remove it and run `hexaccount migrate`")
    return key.encode()


def root_key_of(settings: Settings) -> "TokenKey":
    """Return the signing key, parsed; raises SettingsError if there is none or it does not suit `jwt.algorithm`."""
    from hexaccount_security import root_key

    try:
        return root_key(signing_key(settings), settings.jwt.algorithm)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def previous_root_key(text: str) -> "TokenKey":
    """Return a former signing key, of whichever algorithm it suits; raises ValueError with the remedy."""
    from hexaccount.signing_keys.ports import ALGORITHMS
    from hexaccount_security import root_key

    for algorithm in ALGORITHMS if text.lstrip().startswith("-----BEGIN") else ("HS256",):
        with suppress(ValueError):
            return root_key(text.encode(), algorithm, former=True)
    raise ValueError("set it to the value that jwt.key had before")


def make_data_directory() -> None:
    """Create the directory with access for its owner only, unless it exists; raises Unavailable if it cannot.

    Raises SettingsError for one in which other users may write.
    """
    with _write_errors():
        DATA_DIRECTORY.mkdir(mode=0o700, exist_ok=True)
    check_data_directory_access()


def check_data_directory_access() -> None:
    """Raise SettingsError if other users may write in the directory; it need not exist."""
    refuse_foreign(DATA_DIRECTORY)
    refuse_shared(DATA_DIRECTORY, WRITABLE)


def is_key_file_missing() -> bool:
    """Return whether there is nothing at its path; raises Unavailable if it then cannot be made."""
    make_data_directory()
    with _write_errors():
        missing = not exists(KEY_FILE)
        if missing:
            check_access(DATA_DIRECTORY, os.W_OK | os.X_OK)
    return missing


def make_key_file() -> Path | None:
    """Create a key file that its owner alone may read; raises Unavailable if it cannot.

    Returns None if there is something at its path, also if another process wins.
    """
    make_data_directory()
    draft = KEY_FILE.with_suffix(f".{secrets.token_hex(8)}")
    with _write_errors():
        if exists(KEY_FILE):
            return None
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with naming(draft), os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
            os.link(draft, KEY_FILE)  # atomic, and fails if the file exists
        except FileExistsError:
            return None
        finally:
            draft.unlink()
    return KEY_FILE


@contextmanager
def _write_errors() -> Iterator[None]:
    """Raise Unavailable where the data directory cannot be made or written; other settings need none."""
    try:
        yield
    except OSError as error:
        from hexaccount_click.program import Unavailable

        remedy = remedy_for(error) or "use another disk"
        raise Unavailable(
            f"{remedy}; or start in another folder, or set {PREFIX}STORE and {PREFIX}JWT__KEY; {reason_of(error)}"
        ) from error
