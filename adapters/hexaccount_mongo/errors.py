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

from hexaccount.application.ports.unit_of_work import StoreUnavailable

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_REFUSED = {
    13: "its user may not do this in the database",
    18: "it refuses the user or the password",
    13297: "a database is there whose name differs from the one in the URL by capital letters only; write it that way",
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
        raise NoPrimary(_no_primary(error)) from error
    except (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError, WriteConcernError) as error:
        raise StoreUnavailable from error
    except OperationFailure as error:
        if error.code in _REFUSED:
            raise StoreUnavailable(f"the store cannot be used: {_REFUSED[error.code]}") from error
        if error.code in _AWAY or error.timeout:
            raise StoreUnavailable from error
        raise OperationRefused(_code(error)) from None
    except ConfigurationError as error:
        raise StoreUnavailable(f"the store cannot be used: {error}") from error
    except PyMongoError as error:
        if error.timeout:
            raise StoreUnavailable from error
        raise


def _code(error: OperationFailure) -> int | None:
    if isinstance(error, BulkWriteError) and error.details["writeErrors"]:
        code: int = error.details["writeErrors"][0]["code"]
        return code
    return error.code


def _no_primary(error: ServerSelectionTimeoutError) -> str:
    """Return why no server could be asked, in a text in which a password never stands."""
    told = re.sub(r" \(configured timeouts: [^)]*\)", "", str(error).partition(", Timeout: ")[0])
    return (
        f"the store cannot be reached: {told}; see that its servers run with --replSet, that `replicaSet` in the URL "
        "names their set, and that the set was initiated once with rs.initiate()"
    )
