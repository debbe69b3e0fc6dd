import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_MAX_LENGTH = 1_000_000_000
_URL = re.compile(
    r"rediss?://(?:[^@/?#\[\]]*@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<database>\d{1,4})(?:/(?P<stream>[\w.:-]{1,200}))?)?(?:\?length=(?P<length>\d{1,10}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisStream:
    """A stream that keeps about the `length` latest events; `server`, the URL of its Redis, may contain a password."""

    name: str
    server: str = field(repr=False)
    key: str
    length: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the stream of a URL; raises ValueError, which says what to write and never repeats the URL."""
        match = _URL.fullmatch(url)
        if match is None or int(match["port"] or 0) > _LAST_PORT:
            raise ValueError(
                "write a Redis stream as redis://:password@host:6379/0/hexaccount.events?length=100000, where 0 is the "
                "number of the database; percent-encode all but letters and digits in a password"
            )
        length = int(match["length"] or 100_000)
        if not 1 <= length <= _MAX_LENGTH:
            raise ValueError(f"correct length: a stream has from 1 to {_MAX_LENGTH} events")
        key, database = match["stream"] or "hexaccount.events", int(match["database"] or 0)
        scheme, credentials = urlsplit(url).scheme, urlsplit(url).netloc.rpartition("@")[0]
        address = f"{match['host']}:{int(match['port'] or 6379)}/{database}"
        return cls(
            name=f"{scheme}://{address}/{key}",
            server=f"{scheme}://{credentials}@{address}" if credentials else f"{scheme}://{address}",
            key=key,
            length=length,
        )
