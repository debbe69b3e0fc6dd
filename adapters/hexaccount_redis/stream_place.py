import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_LONGEST = 1_000_000_000
_URL = re.compile(
    r"rediss?://(?:[^@/?#\[\]]*@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<database>\d{1,4})(?:/(?P<stream>[\w.:-]{1,200}))?)?(?:\?length=(?P<length>\d{1,10}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlace:
    """Which stream of which Redis; it keeps about the `length` latest events. `server` may hold a password."""

    name: str
    server: str = field(repr=False)
    stream: str
    length: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Return what a URL names; raises ValueError, with the remedy and without the URL, for one that cannot be."""
        found = _URL.fullmatch(url)
        if found is None or int(found["port"] or 0) > _LAST_PORT:
            raise ValueError(
                "write a stream of Redis as redis://:password@host:6379/0/hexaccount.events?length=100000, where 0 is "
                "the number of a database, and what is no letter or digit in a password in percent encoding"
            )
        length = int(found["length"] or 100_000)
        if not 1 <= length <= _LONGEST:
            raise ValueError(f"the length of a stream is a number from 1 to {_LONGEST}; correct length")
        stream, database = found["stream"] or "hexaccount.events", int(found["database"] or 0)
        scheme, credentials = urlsplit(url).scheme, urlsplit(url).netloc.rpartition("@")[0]
        address = f"{found['host']}:{int(found['port'] or 6379)}/{database}"
        return cls(
            name=f"{scheme}://{address}/{stream}",
            server=f"{scheme}://{credentials}@{address}" if credentials else f"{scheme}://{address}",
            stream=stream,
            length=length,
        )
