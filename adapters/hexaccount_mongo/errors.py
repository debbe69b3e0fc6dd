"""Saying in the application's words what the driver's errors mean."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_UNAUTHORIZED = 13
_SETTING = "the setting store (HEXACCOUNT_STORE)"
_CORRECT = f"correct {_SETTING}"
_START = (
    "see that its servers run with --replSet, that `replicaSet` in the URL names their set, and that the set was "
    f"initiated once with rs.initiate(); or {_CORRECT}"
)
_GRANT = f"grant the role readWrite on it, and for `hexaccount migrate` dbAdmin too; or name another user in {_SETTING}"
_REFUSED = {
    _UNAUTHORIZED: ("its user may not do this in the database", _GRANT),
    18: ("it refuses the user or the password", f"{_CORRECT}, of which authSource names the database with the users"),
    13297: (
        "a database is there whose name differs from the one in the URL by capital letters only",
        f"write it that way in {_SETTING}",
    ),
}
_AWAY = {6, 7, 50, 64, 89, 91, 112, 134, 189, 246, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436}


class NoPrimary(StoreUnavailable):
    """No server of MongoDB's takes writes; its text says why."""


class OperationRefused(Exception):
    """The server has refused an operation; the driver's own error would show documents, password hashes in them."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"MongoDB has refused an operation with the error code {code}")


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise StoreUnavailable in the place of what the driver raises when its server is away, else OperationRefused."""
    try:
        yield
    except ServerSelectionTimeoutError as error:
        raise NoPrimary(f"the store cannot be reached: {_no_primary(error)}", _START) from error
    except (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError, WriteConcernError) as error:
        raise StoreUnavailable from error
    except OperationFailure as error:
        if error.code in _REFUSED:
            raise refused(error.code) from error
        if error.code in _AWAY or error.timeout:
            raise StoreUnavailable from error
        raise OperationRefused(_code(error)) from None
    except ConfigurationError as error:
        raise StoreRefused(f"the store cannot be used: {error}", _CORRECT) from error
    except PyMongoError as error:
        if error.timeout:
            raise StoreUnavailable from error
        raise


def refused(code: int = _UNAUTHORIZED) -> StoreRefused:
    """Return what to raise where the server refuses us with a code, or would."""
    told, remedy = _REFUSED[code]
    return StoreRefused(f"the store cannot be used: {told}", remedy)


def _code(error: OperationFailure) -> int | None:
    if isinstance(error, BulkWriteError) and error.details["writeErrors"]:
        code: int = error.details["writeErrors"][0]["code"]
        return code
    return error.code


def _no_primary(error: ServerSelectionTimeoutError) -> str:
    """Return why no server could be asked, in a text in which a password never stands."""
    return re.sub(r" \(configured timeouts: [^)]*\)", "", str(error).partition(", Timeout: ")[0])
