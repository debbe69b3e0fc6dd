"""Saying in the application's words what the drivers' errors mean."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable

_SETTING = "the setting store (HEXACCOUNT_STORE)"
_CORRECT = f"correct {_SETTING}"

# Of PostgreSQL's, an InternalError is also the answer of a server with which something is wrong.
_AWAY = (exc.OperationalError, exc.InterfaceError, exc.InternalError)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_READ_ONLY, _NO_RIGHT, _NO_TABLE, _DISK_FULL = "25006", "42501", "42P01", "53100"
# SQLite's names of errors, as far as those of one kind begin alike.
_OF_SQLITE = {
    "SQLITE_CANTOPEN": ("the store's file cannot be opened", "its folder must be there, and this user may write in it"),
    "SQLITE_NOTADB": ("the store's file is not a database", f"restore it from a backup, or {_CORRECT}"),
    "SQLITE_FULL": ("the disk of the store is full", "make room on it"),
}
# What a server, its pooler or libpq says to whom it does not let in, whenever they come. None of them has a code; in
# another language than English it is told all the same, as what keeps the store away.
_NEVER_LET_IN = re.compile(
    r"authentication failed|does not exist|no pg_hba\.conf entry|not permitted to log in|no password supplied"
    r"|permission denied for database|no such (?:user|database)|not accept connections to (?:the )?database"
    r"|unsupported startup parameter|connection option|invalid \S+ value|bad value for|SSL was required|certificate"
)


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise StoreUnavailable in the place of what a driver raises when its database is away or refuses us."""
    try:
        yield
    except (exc.TimeoutError, exc.PendingRollbackError) as error:
        raise StoreUnavailable from error
    except exc.DBAPIError as error:
        if told := _not_let_in(error) or _refusal(error):
            raise told from error
        if error.connection_invalidated or isinstance(error, _AWAY) or type(error) is exc.DatabaseError:
            raise StoreUnavailable from error
        raise


def read_only() -> StoreRefused:
    """Return what to raise where PostgreSQL only lets us read."""
    return StoreRefused(
        "the store is read-only: PostgreSQL takes no writes, as a standby does, or one whose "
        "default_transaction_read_only is on",
        f"let it take writes again, or name the primary in {_SETTING}",
    )


def no_right(told: str) -> StoreRefused:
    """Return what to raise where PostgreSQL has the user do less than we need."""
    return StoreRefused(
        f"the store's user may not do what is needed: {told}",
        "GRANT it SELECT, INSERT, UPDATE and DELETE on all tables; `hexaccount migrate` needs the user that owns them, "
        f"and may create in their schema; or name another user in {_SETTING}",
    )


def unwritable(path: str = "its file, or the folder of that") -> StoreRefused:
    """Return what to raise where we may only read what SQLite keeps."""
    return StoreRefused(
        f"the store is read-only: this user may not write {path}",
        "give it to the user of the service, on a disk that takes writes",
    )


def _refusal(error: exc.DBAPIError) -> StoreRefused | None:
    """Return why a database that has let us in does not do what it is asked."""
    code = getattr(error.orig, "sqlstate", None)
    if code == _READ_ONLY:
        return read_only()
    if code == _NO_RIGHT:
        return no_right(_said(error))
    if code == _NO_TABLE:
        return StoreRefused(
            f"the store has lost a part of its schema: {_said(error)}",
            "restore it from a backup; where all of it is gone, `hexaccount migrate` makes an empty one",
        )
    if code == _DISK_FULL:
        return StoreRefused(*_OF_SQLITE["SQLITE_FULL"])
    name = getattr(error.orig, "sqlite_errorname", "")
    if name.startswith("SQLITE_READONLY"):
        return unwritable()
    told = next((told for kind, told in _OF_SQLITE.items() if name.startswith(kind)), None)
    return StoreRefused(*told) if told else None


def _said(error: exc.DBAPIError) -> str:
    """Return the first line of what PostgreSQL says, which names what it is about; people's values are in others."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(diagnosis.message_primary) if diagnosis else ""


def _not_let_in(error: exc.DBAPIError) -> StoreUnavailable | None:
    """Return why PostgreSQL, or its driver, did not let us in; a text of theirs, in which a password never stands."""
    if getattr(error.orig, "sqlstate", "") is not None:
        return None  # SQLite has no such codes, and who has one of a server's is connected
    told = " ".join(str(error.orig).split())
    never = _NEVER_LET_IN.search(told)
    if "unsupported startup parameter" in told:
        told += "; to the URL of a PostgreSQL before which PgBouncer stands, add pooler=transaction"
    reason = f"the store cannot be reached: {told}"
    if never:
        return StoreRefused(reason, _CORRECT)
    return StoreUnavailable(reason, f"start it, or {_CORRECT}") if isinstance(error, exc.OperationalError) else None
