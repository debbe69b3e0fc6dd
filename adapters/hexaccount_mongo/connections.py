"""Opens the database that a URL names, and bounds how long operations wait for it."""

import logging
import math
import time
import warnings
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

DEFAULTS: dict[str, Any] = {
    "appname": "hexaccount",
    "maxPoolSize": 16,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "timeoutMS": 10_000,
    "heartbeatFrequencyMS": 2_000,  # a server that returns is used again soon
}
"""Options that the URL may override.

An operation, its retries included, fails after `timeoutMS`; without a primary it fails `serverSelectionTimeoutMS` after
the primary was lost.
"""
FIXED: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "uuidRepresentation": "standard",
    "tz_aware": True,
    "datetime_conversion": "DATETIME",
    "unicode_decode_error_handler": "strict",
    "connect": False,
}
"""Options that a URL cannot change, whatever the defaults of the cluster are.

A write is acknowledged once the journals of a majority have it, and a read returns only what a majority has.
"""
WITHOUT_EFFECT = (
    "readPreferenceTags", "maxStalenessSeconds", "wTimeoutMS", "fsync", "socketTimeoutMS", "waitQueueTimeoutMS",
)  # fmt: skip
"""Options that would change nothing: reads are from the primary, and `timeoutMS` bounds all that waits."""
UNBOUNDED = 24 * 3600.0
"""Seconds for the commands of an operator, who can interrupt them."""

_OF_THE_SERVER = {"admin", "config", "local"}
_LONGEST_NAME = 63
"""Bytes of a database's name, from https://www.mongodb.com/docs/manual/reference/limits/."""
_REFUSED = (PyMongoError, ValueError, LookupError, TypeError, OSError, Warning)
"""What the driver raises for a URL, its options or their combination."""


def check_url(url: str) -> None:
    """Return if the driver accepts a URL; raises ValueError with the remedy, whose text contains nothing of the URL."""
    try:
        with warnings.catch_warnings(action="error"):  # of an option that is there twice
            parts = parse_uri(url, warn=False)
    except _REFUSED:
        if wrong := _wrong_option(url):
            raise ValueError(
                f"correct {wrong}: MongoDB's driver has no such option, lacks a package for it, or takes another value"
            ) from None
        raise ValueError(
            "it is not a URL that MongoDB's driver understands; write it as in "
            "mongodb://user:password@one:27017,other:27017/hexaccount?replicaSet=rs0, with special characters of the "
            "password as %XX, and each option once"
        ) from None
    _check_effect(url, parts["options"])
    _check_name(parts["database"], parts["collection"])
    try:
        _open_client(url).close()
    except _REFUSED as error:  # its text names options, and no values of the URL
        raise ValueError(f"MongoDB's driver refuses these options together: {error}") from None


def _check_name(database: str | None, collection: str | None) -> None:
    """Raise ValueError for a name with which the server has no database; `collection` is what follows a dot in it."""
    if not database:
        raise ValueError("name the database after the host, as in mongodb://localhost:27017/hexaccount")
    if database in _OF_THE_SERVER:
        raise ValueError(f"the database {database} is the server's own; name another, such as hexaccount")
    if collection or "\\" in database or len(database.encode()) > _LONGEST_NAME:
        raise ValueError(
            f"name a database without . and \\ and of {_LONGEST_NAME} bytes at most, as MongoDB has no others"
        )


def _check_effect(url: str, given: Mapping[str, Any]) -> None:
    """Raise ValueError for an option that would have no effect."""
    values = {name.lower(): value for name, value in given.items()}
    in_effect = {**values, **validate_options(FIXED, warn=False)}
    without_effect = {name.lower() for name in WITHOUT_EFFECT}
    for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if name.lower() in without_effect or in_effect.get(name.lower()) != values.get(name.lower()):
            raise ValueError(f"leave out {name}: the service decides that by itself, as docs/operations.md says")


def _wrong_option(url: str) -> str | None:
    """Return the name of the first option that the driver refuses, None if it refuses the whole URL."""
    query = urlsplit(url).query
    if "@" in query:
        return None  # what looks like a query may be part of a password
    for name, value in parse_qsl(query, keep_blank_values=True):
        try:
            with warnings.catch_warnings(action="error"):  # of a compressor whose package is not installed
                validate_options({name: value}, warn=False)
        except _REFUSED:
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
        """Run a command that writes, on a collection; unlike the driver's methods it would have no write concern."""
        self._database.command(name, collection, **parameters, writeConcern=self._database.write_concern.document)

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
    client = _open_client(url, event_listeners=[] if metrics is NO_METRICS else [PoolMetricsListener(metrics)])
    return Documents(client.get_default_database())


def _open_client(url: str, **options: Any) -> MongoClient[Document]:
    given = {name.lower() for name in parse_uri(url)["options"]}
    defaults = {name: value for name, value in DEFAULTS.items() if name.lower() not in given}
    return MongoClient(url, tzinfo=UTC, **FIXED, **defaults, **options)
