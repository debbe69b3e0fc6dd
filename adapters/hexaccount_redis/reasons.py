"""What Redis does instead of its work; the driver's own text may hold what was sent, so none of it is told."""

from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow

_REFUSED = "refuses the user or the password that the setting cache names, or does not let them do this"
# The first kind that an error is of counts.
_OF_THE_CACHE: dict[type[RedisError], str] = {
    AuthenticationError: _REFUSED,
    NoPermissionError: _REFUSED,
    TooSlow: "did not answer in time",
    NotConnected: "cannot be reached",
    ReadOnlyError: "takes no writes, as it is a replica; name the primary in the setting cache",
    OutOfMemoryError: "is full; raise maxmemory, or let it evict keys",
}


def is_away(error: RedisError) -> bool:
    """Tell whether Redis may be back without anybody's doing; to the driver a refused user has no connection."""
    return isinstance(error, NotConnected | TooSlow) and not isinstance(error, AuthenticationError)


def has_no_database(error: RedisError) -> bool:
    """Tell whether Redis has fewer databases than the number in the URL."""
    return "DB index is out of range" in str(error)


def why_no_cache(error: RedisError) -> str:
    """Return what Redis does, with the remedy."""
    if has_no_database(error):
        return "has no database of this number; correct it in the setting cache"
    otherwise = f"has answered with an error ({type(error).__name__})"
    return next((told for kind, told in _OF_THE_CACHE.items() if isinstance(error, kind)), otherwise)
