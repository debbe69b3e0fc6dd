from datetime import UTC, datetime, timedelta

from redis.exceptions import RedisError

from hexaccount_redis.connections import open_redis
from hexaccount_redis.failures import RedisUnavailable

_TIMEOUT = 2.0


def server_time(url: str) -> datetime:
    """Return the time by the clock of a Redis; raises RedisUnavailable, also of one that does not say it."""
    redis = open_redis(url, _TIMEOUT, decode_responses=True)
    try:
        # By INFO, as the service's user of Redis has no right to TIME.
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=redis.info("server")["server_time_usec"])
    except (RedisError, KeyError):
        raise RedisUnavailable from None
    finally:
        redis.close()
