"""Checks the URLs of built-in stores; each function raises ValueError with the remedy.

No message contains the URL, which may contain a password.
"""

import re
from urllib.parse import parse_qs, urlsplit

from hexaccount.bootstrap.drivers import check_driver

LAST_PORT = 65_535
# Splits a URL as SQLAlchemy does: its password may contain characters that end a host elsewhere.
_PORT = re.compile(r"postgresql://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?")
# SQLAlchemy takes what follows the last @ for the host, so a part of a password could appear in errors as its name.
_BESIDE_HOST = re.compile(r"@.*@|[?&]\w+=[^@]*@", re.DOTALL)


def check_memory_url(url: str) -> None:
    """Accept `memory://` only."""
    if url != "memory://":
        raise ValueError("write memory:// with nothing after it")


def check_sqlite_url(url: str) -> None:
    """Accept a URL that names a file, and nothing besides."""
    parts = urlsplit(url)
    if parts.netloc or len(parts.path) < 2:
        raise ValueError("name the file after three slashes, as in sqlite:///accounts.db; four begin at the root")
    if "?" in url:
        raise ValueError("leave out the parameters, from the ? on; SQLite is used without any")
    if parts.path == "/:memory:":
        # Every connection would have a database of its own.
        raise ValueError("write memory:// for a store in memory, or name a file, as in sqlite:///accounts.db")


def check_postgresql_url(url: str) -> None:
    """Accept an unambiguous URL with a valid port, if the driver is installed and has its options."""
    if _BESIDE_HOST.search(url):
        raise ValueError(
            "an @ stands before the host and nowhere else; write special characters of the user, the password and the "
            "parameters as %XX, an @ as %40"
        )
    found = _PORT.match(url)
    port = found and found["port"]
    if port is not None and "," in port:
        raise ValueError("name several hosts as in postgresql:///accounts?host=one:5432&host=other:5432")
    if port is not None and not (port.isdecimal() and int(port) <= LAST_PORT):
        raise ValueError(f"the port must be a number up to {LAST_PORT}, or be left out with its colon")
    # A password may contain a literal ?, a parameter cannot.
    options = parse_qs(urlsplit(url.rpartition("@")[2]).query, keep_blank_values=True)
    if set(options.pop("pooler", [])) - {"transaction"}:
        raise ValueError("pooler must be transaction, or be left out")
    check_driver("postgresql://", "psycopg", extra="postgres")
    if options:
        from hexaccount_sql import check_options

        check_options(url)


def check_mongodb_url(url: str) -> None:
    """Accept a URL that the installed driver understands and that names a database."""
    check_driver("mongodb://", "pymongo", extra="mongo")
    from hexaccount_mongo import check_url

    check_url(url)
