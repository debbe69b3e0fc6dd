"""Translates errors of the driver into errors of the port."""

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
_DUPLICATE_KEY = 11000
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
        "a database exists whose name differs from the one in the URL by capital letters only",
        f"write the name as the server has it in {_SETTING}",
    ),
}
_UNAVAILABLE = {6, 7, 50, 64, 89, 91, 112, 134, 189, 246, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436}


class NoPrimary(StoreUnavailable):
    """No MongoDB server takes writes."""


class OperationRefused(Exception):
    """The server refused an operation; the driver's own error would contain documents, with password hashes in them."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"MongoDB has refused an operation with the error code {code}")


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise StoreUnavailable, or else OperationRefused, in place of the driver's errors."""
    try:
        yield
    except ServerSelectionTimeoutError as error:
        raise NoPrimary(f"the store cannot be reached: {_no_primary(error)}", _START) from error
    except (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError, WriteConcernError) as error:
        raise StoreUnavailable from error
    except OperationFailure as error:
        if error.code in _REFUSED:
            raise refused(error.code) from error
        if error.code in _UNAVAILABLE or error.timeout:
            raise StoreUnavailable from error
        raise OperationRefused(_code(error)) from None
    except ConfigurationError as error:
        raise StoreRefused(f"the store cannot be used: {error}", _CORRECT) from error
    except PyMongoError as error:
        if error.timeout:
            raise StoreUnavailable from error
        raise


def refused(code: int = _UNAUTHORIZED) -> StoreRefused:
    """Return the error for a code with which the server refuses the user."""
    reason, remedy = _REFUSED[code]
    return StoreRefused(f"the store cannot be used: {reason}", remedy)


def is_duplicate(error: BulkWriteError) -> bool:
    """Return whether a unique index has refused a write."""
    return _code(error) == _DUPLICATE_KEY


def _code(error: OperationFailure) -> int | None:
    if isinstance(error, BulkWriteError) and error.details["writeErrors"]:
        code: int = error.details["writeErrors"][0]["code"]
        return code
    return error.code


def _no_primary(error: ServerSelectionTimeoutError) -> str:
    """Return why no server could be selected; the driver's text never contains the password."""
    return re.sub(r" \(configured timeouts: [^)]*\)", "", str(error).partition(", Timeout: ")[0])
