"""Reads the URL of a PostgreSQL as libpq does, and adds what the service sets on each connection."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

_LAST_PORT = 65_535
_POOLER = "pooler"
_EXAMPLE = "postgresql://user:password@one:5432,other:5432/accounts"
# As libpq splits it: an @ ends user and password only if no / precedes it.
_URL = re.compile(r"(?P<server>postgres(?:ql)?://(?:[^@/]*@)?[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)
# A second @, or one behind the ?: libpq would take a part of a password for a host, and errors would show it.
_BESIDE_HOST = re.compile(r"@.*@|[?&]\w+=[^@]*@", re.DOTALL)
_SETTING = re.compile(r"(?:^|\s)(?:-c\s*|--)(?P<name>[\w.-]+)=(?P<value>(?:\\.|[^\\\s])*)", re.DOTALL)

# A connection to a vanished machine or network fails after about this many seconds, instead of hours.
DEFAULTS: Mapping[str, str | int] = {
    "fallback_application_name": "hexaccount",
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""The parameters that a URL may override."""

REPORTED: Mapping[str, str] = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "standard_conforming_strings": "on",
}
FIXED: Mapping[str, str] = {
    "default_transaction_isolation": "read committed",
    "bytea_output": "hex",
    "quote_all_identifiers": "off",  # SQLAlchemy warns of each definition that it then does not understand
    **REPORTED,
}
"""The settings of every session; those that PostgreSQL reports to its clients, a pooler restores for each of them."""

# The server ends a slow statement one second before a DeadlineConnection does.
CHOSEN: Mapping[str, str] = {"search_path": "public", "statement_timeout": "7s"}
"""The settings of every session that `options` of a URL may choose otherwise."""

# What a pooler refuses, so that none lends connections for each transaction without `pooler` in the URL.
_REFUSED_BY_POOLERS = "-c statement_timeout=7s"


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A PostgreSQL, and how to connect to it.

    `parameters` are libpq's. `settings` are set at the begin of each session. `schema` has the tables; None leaves it
    to `options`. If `pooled`, a pooler lends a connection for each transaction.
    """

    parameters: Mapping[str, Any]
    settings: Mapping[str, str]
    schema: str | None
    pooled: bool


def read_url(url: str) -> PostgresUrl:
    """Return what a URL says; raises ValueError with the remedy, whose text contains no value of the URL."""
    if _BESIDE_HOST.search(url):
        raise ValueError(
            "an @ stands before the host and nowhere else; write special characters of the user, the password and the "
            "parameters as %XX, an @ as %40"
        )
    found = _URL.fullmatch(url)
    query = [part.partition("=") for part in (found["query"] or "").split("&") if part] if found else []
    server = found["server"] if found else ""
    of_libpq = [f"{name}={value}" for name, _, value in query if unquote(name) in _libpq_parameters()]
    given = _parse(f"{server}?{'&'.join(of_libpq)}")
    _check_hosts(given)
    _check_names([*_parse(server), *(unquote(name) for name, _, _ in query)])
    pooler = next((value for name, _, value in query if name == _POOLER), None)
    if pooler not in {None, "transaction"}:
        raise ValueError("pooler must be transaction, or be left out")
    return _completed(given, pooled=pooler is not None)


def _parse(url: str) -> dict[str, str]:
    """Return the parameters that libpq reads from a URL."""
    from psycopg import OperationalError  # noqa: PLC0415 - psycopg is an extra that SQLite does without
    from psycopg.pq import Conninfo  # noqa: PLC0415 - imports the driver

    try:
        options = Conninfo.parse(url.encode())
    except (OperationalError, UnicodeEncodeError):
        raise ValueError(
            f"PostgreSQL's driver does not understand it; write it as {_EXAMPLE}, with special characters of the "
            "password and the parameters as %XX"
        ) from None
    return {option.keyword.decode(): option.val.decode() for option in options if option.val is not None}


@cache
def _libpq_parameters() -> frozenset[str]:
    from psycopg.pq import Conninfo  # noqa: PLC0415 - imports the driver

    return frozenset(option.keyword.decode() for option in Conninfo.get_defaults()) | {"ssl"}


def _check_hosts(given: Mapping[str, str]) -> None:
    """Raise ValueError for what libpq would only refuse as it connects."""
    for port in filter(None, given.get("port", "").split(",")):
        if not (port.isascii() and port.isdecimal() and 0 < int(port) <= _LAST_PORT):
            raise ValueError(
                f"the port must be a number up to {_LAST_PORT}, or be left out; write a / or # of the password as %XX"
            )
    if any(host.count(":") == 1 for host in given.get("host", "").split(",")):
        raise ValueError(f"name a port as port=5432, or several hosts as in {_EXAMPLE}")


def _check_names(names: Sequence[str]) -> None:
    """Raise ValueError for a parameter that libpq does not have, or that has no effect."""
    for name in names:
        if name not in {*_libpq_parameters(), _POOLER}:
            named = f"option {name}" if name.isidentifier() else "option of such a name"
            raise ValueError(f"PostgreSQL's driver has no {named}; correct it, or leave it out")
        if names.count(name) > 1:
            raise ValueError(f"{name} is in it twice; name several hosts as in {_EXAMPLE}")
        if name == "client_encoding":
            raise ValueError("leave out client_encoding: the service sets it by itself")


def _options_of_environment(given: Mapping[str, str]) -> str:
    """Return the options that libpq would find in a service file or in PGOPTIONS; raises ValueError for no service."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - imports the driver
    from psycopg.pq import PGconn  # noqa: PLC0415 - imports the driver

    service = {name: given[name] for name in ("service", "servicefile") if name in given}
    # libpq looks there only as it begins to connect. In this folder is no socket, so that it reaches no server.
    connection = PGconn.connect_start(make_conninfo(**service, host="/", hostaddr="", port=1).encode())
    found = {each.keyword: each.val for each in connection.info}
    connection.finish()
    if found[b"host"] is None:
        raise ValueError("libpq cannot read the service that the URL or PGSERVICE names; correct the name or its file")
    return (found[b"options"] or b"").decode()


def _completed(given: Mapping[str, str], *, pooled: bool) -> PostgresUrl:
    options = given["options"] if "options" in given else _options_of_environment(given)
    chosen = {each["name"].lower().replace("-", "_"): each["value"] for each in _SETTING.finditer(options)}
    if fixed := next((name for name in FIXED if name.lower() in chosen), None):
        place = "options" if "options" in given else "PGOPTIONS and of options in the service file"
        raise ValueError(f"leave {fixed} out of {place}: the service sets it by itself")
    parameters = {**DEFAULTS, **given, "client_encoding": "UTF8"}
    schema = None if "search_path" in chosen else CHOSEN["search_path"]
    if pooled:
        return PostgresUrl(parameters, REPORTED, schema, pooled)
    parameters["options"] = f"{_REFUSED_BY_POOLERS} {options}".rstrip()
    left = {name: value for name, value in CHOSEN.items() if name not in chosen}
    return PostgresUrl(parameters, {**FIXED, **left}, schema, pooled)
