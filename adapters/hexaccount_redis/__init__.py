"""Session cache, rate-limit counters and an event stream on Redis 7.0 or newer, or Valkey."""

from hexaccount_redis.client import RedisClient
from hexaccount_redis.failures import RedisRefused, RedisUnavailable
from hexaccount_redis.rate_limits import RedisRateLimitStore
from hexaccount_redis.server_time import server_time
from hexaccount_redis.session_cache import RedisSessionCache
from hexaccount_redis.stream import RedisStream
from hexaccount_redis.stream_publisher import RedisStreamPublisher

__all__ = [
    "RedisClient",
    "RedisRateLimitStore",
    "RedisRefused",
    "RedisSessionCache",
    "RedisStream",
    "RedisStreamPublisher",
    "RedisUnavailable",
    "server_time",
]
