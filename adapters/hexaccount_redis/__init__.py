"""Known sessions, the counters of guesses, and a stream of events on Redis 7.0 or newer, or Valkey."""

from hexaccount_redis.allowances import RedisRateLimitStore
from hexaccount_redis.event_stream import RedisStreamPublisher
from hexaccount_redis.link import CutOff, RedisLink, Refused
from hexaccount_redis.session_cache import RedisSessionCache
from hexaccount_redis.stream_place import StreamPlace

__all__ = [
    "CutOff",
    "RedisRateLimitStore",
    "RedisLink",
    "RedisSessionCache",
    "RedisStreamPublisher",
    "Refused",
    "StreamPlace",
]
