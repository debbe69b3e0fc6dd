"""Opening clients, and saying in the application's words when they fail."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeAlias

from pymongo import MongoClient
from pymongo.database import Database
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
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from hexaccount.application.ports.unit_of_work import StoreUnavailable

Document: TypeAlias = dict[str, Any]
Documents: TypeAlias = Database[Document]
"""A database of documents."""

# As far as the URL leaves them open. An operation, its repetitions included, is given up after `timeoutMS`; what is
# not yet with a majority, and in its journals, was never acknowledged.
_DEFAULTS: dict[str, Any] = {
    "appname": "hexaccount",
    "maxPoolSize": 16,
    "waitQueueTimeoutMS": 5_000,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "timeoutMS": 10_000,
    "heartbeatFrequencyMS": 2_000,  # so that a server that was away, and is back, is used again soon
}
# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_REFUSED = {
    13: "its user may not do this in the database",
    18: "it refuses the user or the password",
    13297: "a database is there whose name differs from the one in the URL by capital letters only; write it that way",
}
_OF_THE_SERVER = {"admin", "config", "local"}
_AWAY = {6, 7, 50, 64, 89, 91, 112, 134, 189, 246, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436}


def check_url(url: str) -> None:
    """Return if a client can be made of a URL; raises ValueError with the remedy, which repeats nothing of the URL."""
    try:
        parts = parse_uri(url, warn=False)
    except (PyMongoError, ValueError):
        raise ValueError(
            "it is not a URL that MongoDB's driver understands; write it as in "
            "mongodb://user:password@one:27017,other:27017/hexaccount?replicaSet=rs0, with special characters of the "
            "password as %XX"
        ) from None
    if not parts["database"]:
        raise ValueError("name the database after the host, as in mongodb://localhost:27017/hexaccount")
    if parts["database"] in _OF_THE_SERVER:
        raise ValueError(f"the database {parts['database']} is the server's own; name another, such as hexaccount")


def open_database(url: str) -> Documents:
    """Return the database that a URL names; its client connects at first use."""
    # The driver tells each command, with the password hashes in it, to whoever listens at DEBUG.
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    given = {name.lower() for name in parse_uri(url)["options"]}
    options = {name: value for name, value in _DEFAULTS.items() if name.lower() not in given}
    client: MongoClient[Document] = MongoClient(
        url,
        connect=False,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        readPreference="primary",
        uuidRepresentation="standard",
        tz_aware=True,
        tzinfo=UTC,
        **options,
    )
    return client.get_default_database()


def at_one_moment(database: Documents) -> Documents:
    """Return the database as it is read by one look at several collections: none of them may be older or newer."""
    return database.with_options(read_concern=ReadConcern("snapshot"))


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
        raise StoreUnavailable(_no_primary(error)) from error
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
        f"the store cannot be reached: {told}; see that its servers run, that `replicaSet` in the URL names their set, "
        "and that the set was initiated once with rs.initiate()"
    )
