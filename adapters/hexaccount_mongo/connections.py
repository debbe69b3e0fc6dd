"""Opening the database that a URL names, and asking it for as long as it makes sense."""

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri, validate_options

from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount_mongo.errors import NoPrimary, store_errors
from hexaccount_mongo.pool import ToldPools

Document: TypeAlias = dict[str, Any]

# As far as the URL leaves them open. An operation, its repetitions included, is given up after `timeoutMS`, and while
# there is no primary, `serverSelectionTimeoutMS` after the last one went; what is not yet with a majority, and in its
# journals, was never acknowledged.
_DEFAULTS: dict[str, Any] = {
    "appname": "hexaccount",
    "maxPoolSize": 16,
    "waitQueueTimeoutMS": 5_000,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "timeoutMS": 10_000,
    "heartbeatFrequencyMS": 2_000,  # so that a server that was away, and is back, is used again soon
}
AS_LONG_AS_IT_TAKES = 24 * 3600.0
"""Seconds for what an operator has asked for, who waits and may interrupt it."""

_OF_THE_SERVER = {"admin", "config", "local"}


def check_url(url: str) -> None:
    """Return if a client can be made of a URL; raises ValueError with the remedy, which repeats nothing of the URL."""
    try:
        parts = parse_uri(url, warn=False)
    except (PyMongoError, ValueError, OSError):
        if wrong := _wrong_option(url):
            raise ValueError(f"MongoDB's driver has no option {wrong}, or none with this value; correct it") from None
        raise ValueError(
            "it is not a URL that MongoDB's driver understands; write it as in "
            "mongodb://user:password@one:27017,other:27017/hexaccount?replicaSet=rs0, with special characters of the "
            "password as %XX"
        ) from None
    if not parts["database"]:
        raise ValueError("name the database after the host, as in mongodb://localhost:27017/hexaccount")
    if parts["database"] in _OF_THE_SERVER:
        raise ValueError(f"the database {parts['database']} is the server's own; name another, such as hexaccount")


def _wrong_option(url: str) -> str | None:
    """Return the name of the first option that the driver refuses by itself."""
    query = urlsplit(url).query
    if "@" in query:
        return None  # what looks like options may be a part of a password
    for name, value in parse_qsl(query, keep_blank_values=True):
        try:
            validate_options({name: value}, warn=False)
        except (PyMongoError, ValueError, OSError):
            return name
    return None


class Documents:
    """A database of documents, which is asked in the blocks of `reached` only.

    While it has no primary, whoever asks waits until `serverSelectionTimeoutMS` after the first who found none, as an
    election may be under way. Who comes later is refused at once: else requests would pile up for as long as the
    servers are gone. Their return is noticed by the driver, which looks after them on its own.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._client = database.client
        self._without_primary_since = math.inf
        self._why: tuple[str, str] | None = None

    def __getitem__(self, collection: str) -> Collection[Document]:
        return self._database[collection]

    @contextmanager
    def reached(self, seconds: float | None = None) -> Iterator[None]:
        """Give the block `seconds`, or as long as one operation may take, its repetitions included.

        Raises StoreUnavailable in the place of what the driver raises when its server is away, else OperationRefused.
        """
        began = time.monotonic()
        try:
            with store_errors():
                self._find_primary()
                with pymongo.timeout(seconds or self._client.options.timeout):
                    yield
        except NoPrimary as error:
            self._without_primary_since = min(self._without_primary_since, began)
            self._why = (error.reason, error.remedy)
            raise

    def start_session(self, *, causal_consistency: bool = False) -> ClientSession:
        """Begin a session, which belongs to one thread and has to be ended."""
        return self._client.start_session(causal_consistency=causal_consistency)

    def at_one_moment(self, collection: str) -> Collection[Document]:
        """Return a collection whose reading, joined documents included, sees none of them older or newer."""
        return self._database.get_collection(collection, read_concern=ReadConcern("snapshot"))

    def described(self, collection: str) -> Document | None:
        """Return a collection's options as the server tells them, or None where it is not there."""
        found: Mapping[str, Any] | None = next(iter(self._database.list_collections(filter={"name": collection})), None)
        return None if found is None else dict(found)

    def command(self, name: str, collection: str, **parameters: Any) -> None:
        """Have the server do something with a collection."""
        self._database.command(name, collection, **parameters)

    def hello(self) -> Document:
        """Return what the server tells of itself."""
        return self._client.admin.command("hello")

    def privileges(self) -> Sequence[Document] | None:
        """Return what our user may do, as the server tells it, None where it asks nobody for a user."""
        told = self._client.admin.command("connectionStatus", showPrivileges=True)["authInfo"]
        privileges: Sequence[Document] = told["authenticatedUserPrivileges"]
        return privileges if told["authenticatedUsers"] else None

    def covers(self, resource: Document, collection: str) -> bool:
        """Tell whether a privilege's resource holds a collection of this database."""
        of_ours = resource.get("db") in {"", self._database.name} and resource.get("collection") in {"", collection}
        return of_ours or "anyResource" in resource

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _find_primary(self) -> None:
        """Return once there is a primary; raises NoPrimary when there has been none for long."""
        if self._client.topology_description.has_writable_server():
            self._without_primary_since, self._why = math.inf, None
            return
        now = time.monotonic()
        self._without_primary_since = min(self._without_primary_since, now)
        patience = self._client.options.server_selection_timeout
        left = self._without_primary_since + patience - now
        if left <= 0 and self._why is not None:
            raise NoPrimary(*self._why)
        with pymongo.timeout(left if left > 0 else patience):
            _ = self._client.is_primary  # returns once a primary is known


def open_database(url: str, metrics: Metrics = NO_METRICS) -> Documents:
    """Return the database that a URL names, of whose pools `metrics` is told; its client connects at first use."""
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
        event_listeners=[] if metrics is NO_METRICS else [ToldPools(metrics)],
        **options,
    )
    return Documents(client.get_default_database())
