"""Known sessions and the counters of guesses on Redis 7.0 or newer, or Valkey."""

from hexaccount_redis.allowances import RedisAllowances
from hexaccount_redis.link import CutOff, RedisLink
from hexaccount_redis.session_cache import RedisSessionCache

__all__ = ["CutOff", "RedisAllowances", "RedisLink", "RedisSessionCache"]
