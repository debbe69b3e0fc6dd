"""Translates errors of the drivers into errors of the port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable

_SETTING = "the setting store (HEXACCOUNT_STORE)"
_CORRECT = f"correct {_SETTING}"

# PostgreSQL also reports trouble of the server itself as an InternalError.
_UNAVAILABLE = (exc.OperationalError, exc.InterfaceError, exc.InternalError)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_READ_ONLY, _INSUFFICIENT_PRIVILEGE, _UNDEFINED_TABLE, _DISK_FULL = "25006", "42501", "42P01", "53100"
_DAMAGED = f"restore it from a backup, or {_CORRECT}"
# By the prefix of the name of SQLite's error: the reason and the remedy.
_SQLITE_ERRORS = {
    "SQLITE_CANTOPEN": (
        "the store's file, or one beside it, cannot be opened",
        "its folder must be there, this user may write in it, and this process may open more files (ulimit -n)",
    ),
    "SQLITE_CORRUPT": ("the store's file is damaged", _DAMAGED),
    "SQLITE_NOTADB": ("the store's file is not a database", _DAMAGED),
    "SQLITE_FULL": ("the disk of the store is full", "free space on it"),
    "SQLITE_IOERR": (
        "the disk of the store fails",
        "free space on it, or see in the log of the kernel (dmesg) what it has",
    ),
}
# Messages of a server, a pooler or libpq that refuse a connection for a reason that retrying does not change. They have
# no code. In another language than English they are reported as StoreUnavailable.
_PERMANENT_REFUSAL = re.compile(
    r"authentication failed|does not exist|no pg_hba\.conf entry|not permitted to log in|no password supplied"
    r"|permission denied for database|no such (?:user|database)|not accept connections to (?:the )?database"
    r"|unsupported startup parameter|connection option|invalid \S+ value|bad value for"
    r"|unrecognized configuration parameter|invalid value for parameter|invalid command-line argument"
    r"|cannot be (?:changed|set)|requires a value|permission denied to set|SSL was required|certificate"
)


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise StoreUnavailable, or StoreRefused with the remedy, in place of a driver's error."""
    try:
        yield
    except (exc.TimeoutError, exc.PendingRollbackError, exc.ResourceClosedError) as error:
        raise StoreUnavailable from error
    except exc.DBAPIError as error:
        if translated := _connection_error(error) or _refusal(error):
            raise translated from error
        if error.connection_invalidated or isinstance(error, _UNAVAILABLE) or type(error) is exc.DatabaseError:
            raise StoreUnavailable from error
        raise


def read_only() -> StoreRefused:
    """Return the error of a PostgreSQL that takes no writes."""
    return StoreRefused(
        "the store is read-only: PostgreSQL takes no writes, because it is a standby or its "
        "default_transaction_read_only is on",
        f"let it take writes again, or name the primary in {_SETTING}",
    )


def no_right(reason: str) -> StoreRefused:
    """Return the error of a PostgreSQL user without the privileges that the store needs."""
    return StoreRefused(
        f"the store's user lacks a privilege: {reason}",
        "GRANT it SELECT, INSERT, UPDATE and DELETE on all tables; `hexaccount migrate` needs the user that owns them, "
        f"and may create in their schema; or name another user in {_SETTING}",
    )


def no_schema(path: str, *, of_role: str | None = None) -> StoreRefused:
    """Return the error of a PostgreSQL whose search_path names no schema, or one that it hides from the user.

    `of_role` is the role that has set it, None if the URL has.
    """
    schema = path.rpartition(",")[2].strip() or "NAME"
    another = "name another in the URL by options=-c%20search_path%3DNAME"
    if of_role:
        another = f"run ALTER ROLE {of_role} SET search_path = 'public', and have the pooler connect anew"
    return StoreRefused(
        f"the store has no schema of its search_path, which is '{path}', or its user may not use it",
        f"CREATE SCHEMA {schema}, or GRANT USAGE ON SCHEMA {schema}; or {another}",
    )


def unwritable(path: str = "its file, or the folder of that") -> StoreRefused:
    """Return the error of a SQLite file, or its folder, that is read-only."""
    return StoreRefused(
        f"the store is read-only: this user may not write {path}",
        "give it to the user of the service, on a disk that takes writes",
    )


def locked() -> StoreUnavailable:
    """Return the error of a SQLite file to which no commit can be written."""
    return StoreUnavailable("another process keeps the store's file locked", "let it finish, or end it")


def _refusal(error: exc.DBAPIError) -> StoreUnavailable | None:
    """Return the error for a statement that the database refuses for a reason with a remedy, else None."""
    code = getattr(error.orig, "sqlstate", None)
    if code == _READ_ONLY:
        return read_only()
    if code == _INSUFFICIENT_PRIVILEGE:
        return no_right(_primary_message(error))
    if code == _UNDEFINED_TABLE:
        return StoreRefused(
            f"the store has lost a part of its schema: {_primary_message(error)}",
            "restore it from a backup; where all of it is gone, `hexaccount migrate` makes an empty one",
        )
    if code == _DISK_FULL:
        return StoreRefused(*_SQLITE_ERRORS["SQLITE_FULL"])
    return _sqlite_refusal(getattr(error.orig, "sqlite_errorname", ""))


def _sqlite_refusal(name: str) -> StoreUnavailable | None:
    if name.startswith("SQLITE_READONLY"):
        return unwritable()
    if name.startswith("SQLITE_BUSY"):
        return locked()
    known = next((texts for prefix, texts in _SQLITE_ERRORS.items() if name.startswith(prefix)), None)
    return StoreRefused(*known) if known else None


def _primary_message(error: exc.DBAPIError) -> str:
    """Return PostgreSQL's primary message, which contains no values of users, unlike its details."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(diagnosis.message_primary) if diagnosis else ""


def _connection_error(error: exc.DBAPIError) -> StoreUnavailable | None:
    """Return the error for a failed connection to PostgreSQL, else None; libpq's text never contains the password."""
    if getattr(error.orig, "sqlstate", "") is not None:
        return None  # SQLite's errors have no sqlstate; an error with a server's sqlstate was raised while connected
    text = " ".join(str(error.orig).split())
    permanent = _PERMANENT_REFUSAL.search(text)
    if "unsupported startup parameter" in text:
        text += "; to the URL of a PostgreSQL before which PgBouncer stands, add pooler=transaction"
    reason = f"the store cannot be reached: {text}"
    if permanent:
        return StoreRefused(reason, _CORRECT)
    return StoreUnavailable(reason, f"start it, or {_CORRECT}") if isinstance(error, exc.OperationalError) else None
