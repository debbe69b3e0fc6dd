"""Opens the database that a URL names, and bounds how long operations wait for it."""

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
from hexaccount_mongo.pool import PoolMetricsListener

Document: TypeAlias = dict[str, Any]

# Options that the URL may override. An operation, its retries included, fails after `timeoutMS`; without a primary it
# fails `serverSelectionTimeoutMS` after the primary was lost. A write is acknowledged once the journals of a majority
# have it.
_DEFAULTS: dict[str, Any] = {
    "appname": "hexaccount",
    "maxPoolSize": 16,
    "waitQueueTimeoutMS": 5_000,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "timeoutMS": 10_000,
    "heartbeatFrequencyMS": 2_000,  # a server that returns is used again soon
}
UNBOUNDED = 24 * 3600.0
"""Seconds for the commands of an operator, who can interrupt them."""

_OF_THE_SERVER = {"admin", "config", "local"}


def check_url(url: str) -> None:
    """Return if the driver accepts a URL; raises ValueError with the remedy, whose text contains nothing of the URL."""
    try:
        parts = parse_uri(url, warn=False)
    except (PyMongoError, ValueError, OSError):
        if wrong := _wrong_option(url):
            raise ValueError(f"correct {wrong}: MongoDB's driver has no such option, or not with this value") from None
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
    """Return the name of the first option that the driver refuses, None if it refuses the whole URL."""
    query = urlsplit(url).query
    if "@" in query:
        return None  # what looks like a query may be part of a password
    for name, value in parse_qsl(query, keep_blank_values=True):
        try:
            validate_options({name: value}, warn=False)
        except (PyMongoError, ValueError, OSError):
            return name
    return None


class Documents:
    """A database, used only within blocks of `reached`.

    Without a primary, callers wait until `serverSelectionTimeoutMS` after the first caller that found none, as an
    election may be under way. Later callers fail at once, so that requests do not pile up during an outage. The driver
    monitors the servers and notices their return.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._client = database.client
        self._without_primary_since = math.inf
        self._reason: tuple[str, str] | None = None

    def __getitem__(self, collection: str) -> Collection[Document]:
        return self._database[collection]

    @contextmanager
    def reached(self, seconds: float | None = None) -> Iterator[None]:
        """Bound the block, its retries included, by `seconds` or else by `timeoutMS`.

        Raises StoreUnavailable or OperationRefused in place of the driver's errors.
        """
        began = time.monotonic()
        try:
            with store_errors():
                self._find_primary()
                with pymongo.timeout(seconds or self._client.options.timeout):
                    yield
        except NoPrimary as error:
            self._without_primary_since = min(self._without_primary_since, began)
            self._reason = (error.reason, error.remedy)
            raise

    def start_session(self, *, causal_consistency: bool = False) -> ClientSession:
        """Return a session for one thread; the caller ends it."""
        return self._client.start_session(causal_consistency=causal_consistency)

    def at_one_moment(self, collection: str) -> Collection[Document]:
        """Return a collection whose queries read a snapshot, of all shards and with the documents that they join."""
        return self._database.get_collection(collection, read_concern=ReadConcern("snapshot"))

    def names(self) -> set[str]:
        """Return the names of the collections that the connection's user may use."""
        return set(self._database.list_collection_names(authorizedCollections=True))

    def described(self, collection: str) -> Document | None:
        """Return the server's description of a collection, None if it does not exist."""
        found: Mapping[str, Any] | None = next(iter(self._database.list_collections(filter={"name": collection})), None)
        return None if found is None else dict(found)

    def command(self, name: str, collection: str, **parameters: Any) -> None:
        """Run a command on a collection."""
        self._database.command(name, collection, **parameters)

    def hello(self) -> Document:
        """Return the server's answer to `hello`, which describes its role."""
        return self._client.admin.command("hello")

    def privileges(self) -> Sequence[Document] | None:
        """Return the privileges of the connection's user, None if the server authenticates no users."""
        found = self._client.admin.command("connectionStatus", showPrivileges=True)["authInfo"]
        privileges: Sequence[Document] = found["authenticatedUserPrivileges"]
        return privileges if found["authenticatedUsers"] else None

    def covers(self, resource: Document, collection: str) -> bool:
        """Return whether a privilege's resource includes a collection of this database."""
        included = resource.get("db") in {"", self._database.name} and resource.get("collection") in {"", collection}
        return included or "anyResource" in resource

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _find_primary(self) -> None:
        """Return once there is a primary; raises NoPrimary when there has been none for `serverSelectionTimeoutMS`."""
        if self._client.topology_description.has_writable_server():
            self._without_primary_since, self._reason = math.inf, None
            return
        now = time.monotonic()
        self._without_primary_since = min(self._without_primary_since, now)
        timeout = self._client.options.server_selection_timeout
        left = self._without_primary_since + timeout - now
        if left <= 0 and self._reason is not None:
            raise NoPrimary(*self._reason)
        with pymongo.timeout(left if left > 0 else timeout):
            _ = self._client.is_primary  # blocks until a primary is known


def open_database(url: str, metrics: Metrics = NO_METRICS) -> Documents:
    """Return the database that a URL names; its client connects at first use."""
    # At DEBUG the driver logs every command, with the password hashes in it.
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
        event_listeners=[] if metrics is NO_METRICS else [PoolMetricsListener(metrics)],
        **options,
    )
    return Documents(client.get_default_database())
