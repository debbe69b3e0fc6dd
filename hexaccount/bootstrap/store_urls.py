"""What the URLs of our own stores have to look like; each rule raises ValueError with the remedy.

No message repeats a URL, which may hold a password.
"""

import re
from urllib.parse import parse_qs, urlsplit

from hexaccount.bootstrap.drivers import check_driver

LAST_PORT = 65_535
# As SQLAlchemy, which connects, cuts a URL: a password may hold what ends a host elsewhere.
_PORT = re.compile(r"postgresql://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?")
# After an @ a host begins, for whoever connects, so that what is behind another would be told as a part of its name.
_BESIDE_HOST = re.compile(r"@.*@|[?&]\w+=[^@]*@", re.DOTALL)


def check_memory_url(url: str) -> None:
    """Return if it is the one URL of a store in memory."""
    if url != "memory://":
        raise ValueError("memory:// takes nothing after it")


def check_sqlite_url(url: str) -> None:
    """Return if it names a file."""
    parts = urlsplit(url)
    if parts.netloc or len(parts.path) < 2:
        raise ValueError("name the file after three slashes, as in sqlite:///accounts.db; four begin at the root")


def check_postgresql_url(url: str) -> None:
    """Return if it can be read in one way only, its port is one, and the driver is there and has its options."""
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
    # A password may hold a ?, and parameters none that is not.
    options = parse_qs(urlsplit(url.rpartition("@")[2]).query, keep_blank_values=True)
    if set(options.pop("pooler", [])) - {"transaction"}:
        raise ValueError("pooler must be transaction, or be left out")
    check_driver("postgresql://", "psycopg", extra="postgres")
    if options:
        from hexaccount_sql import check_options  # noqa: PLC0415 - SQLAlchemy is not for other stores to import

        check_options(url)


def check_mongodb_url(url: str) -> None:
    """Return if the driver is there and understands it, and it names a database."""
    check_driver("mongodb://", "pymongo", extra="mongo")
    from hexaccount_mongo import check_url  # noqa: PLC0415 - only who uses it imports it

    check_url(url)
