"""Checks the URLs of built-in stores; each function raises ValueError with the remedy.

No message contains the URL, which may contain a password.
"""

from pathlib import Path

from hexaccount.bootstrap.drivers import check_driver
from hexaccount.store_kit.file_urls import path_in

LAST_PORT = 65_535


def check_memory_url(url: str) -> None:
    """Accept `memory://` only."""
    if url != "memory://":
        raise ValueError("write memory:// with nothing after it")


def check_sqlite_url(url: str) -> None:
    """Accept a URL that names a file, and nothing besides."""
    if "?" in url:
        raise ValueError("leave out the parameters, from the ? on; SQLite is used without any")
    if path_in(url) == Path(":memory:"):
        # Every connection would have a database of its own.
        raise ValueError("write memory:// for a store in memory, or name a file, as in sqlite:///accounts.db")


def check_postgresql_url(url: str) -> None:
    """Accept a URL that the installed driver understands, and all of which has an effect."""
    check_driver("postgresql://", "psycopg", extra="postgres")
    from hexaccount_sql import read_url

    read_url(url)


def check_mongodb_url(url: str) -> None:
    """Accept a URL that the installed driver understands and that names a database."""
    check_driver("mongodb://", "pymongo", extra="mongo")
    from hexaccount_mongo import check_url

    check_url(url)
