import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from hexaccount.kernel.metrics import Metrics
from hexaccount.sessions.metrics import CACHE_OUTAGES, CACHE_REACHABLE
from hexaccount_redis.connections import open_redis
from hexaccount_redis.failures import RedisRefused, RedisUnavailable, describe, is_permanent

_log = logging.getLogger("hexaccount.redis")

_TIMEOUT = 0.25
_PAUSE = 1.0
_REMEDIES = {
    "NOPERM": "grant the user +evalsha +script|load +info +hmget +hset +pexpire +del ~hexaccount:*",
    "OOM": "raise maxmemory, or let Redis evict keys",
    "READONLY": "name the primary in the setting cache, not a replica",
}
# The commands of this package's scripts, on keys that exist only meanwhile. A Redis Cluster refuses two keys.
_PROBE_KEYS = ["hexaccount:sessions:1:probe", "hexaccount:rate-limits:1:probe"]
_PROBE = """
redis.call('INFO', 'server')
for _, key in ipairs(KEYS) do
    redis.call('HSET', key, 'probe', '1')
    redis.call('PEXPIRE', key, 1000)
    redis.call('HMGET', key, 'probe')
    redis.call('DEL', key)
end
return 'ok'
"""


class RedisClient:
    """Runs scripts on Redis, behind a circuit breaker that all users of this object share.

    A call takes at most 0.25 seconds, or 0.5 after a lost connection. After a failure every call raises
    RedisUnavailable at once for a second; then one call at a time tries again.
    """

    def __init__(self, url: str, metrics: Metrics, kind: type[Redis] = Redis) -> None:
        """Take a `redis://…` or `rediss://…` URL and a class of redis-py; raises ValueError for another URL."""
        self._redis = open_redis(url, _TIMEOUT, kind, decode_responses=True)
        self._probe = self.script(_PROBE)
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self._reachable = True
        self._metrics = metrics
        self._metrics.set(CACHE_REACHABLE, 1)
        self._metrics.declare(CACHE_OUTAGES)

    @property
    def reachable(self) -> bool:
        """Return whether the last call succeeded."""
        return self._reachable

    def script(self, source: str) -> Script:
        """Return a script for `run`; its text is sent when the server does not have it."""
        return self._redis.register_script(source)

    def run(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        """Run a script and return its result; raises RedisUnavailable."""
        if not self._may_try():
            raise RedisUnavailable
        return self._run(script, keys, args)

    def run_with_retry(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        """Run a script even just after a failure, twice if necessary; raises RedisUnavailable within a second."""
        try:
            return self._run(script, keys, args)
        except RedisUnavailable:
            return self._run(script, keys, args)

    def check(self) -> None:
        """Return if Redis runs scripts that write; raises RedisUnavailable or RedisRefused with the reason."""
        try:
            self._probe(keys=_PROBE_KEYS)
        except RedisError as error:
            raise (RedisRefused if is_permanent(error) else RedisUnavailable)(_describe(error)) from None

    def probe(self) -> None:
        """Update `reachable` and its metrics; within a second of a failure this does nothing."""
        with suppress(RedisUnavailable):
            self.run(self._probe, _PROBE_KEYS, [])

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _run(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        try:
            result = script(keys=keys, args=args)
        except RedisError as error:
            self._note_failure(error)
            raise RedisUnavailable from None  # the driver's text may repeat what was sent
        self._note_success()
        return str(result)

    def _may_try(self) -> bool:
        if self._reachable:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._retry_at:
                return False
            self._retry_at = now + _PAUSE
            return True

    def _note_failure(self, error: RedisError) -> None:
        with self._lock:
            self._retry_at = time.monotonic() + _PAUSE
            was_reachable, self._reachable = self._reachable, False
        if was_reachable:
            self._metrics.set(CACHE_REACHABLE, 0)
            self._metrics.add(CACHE_OUTAGES)
            _log.warning(
                "Redis is unavailable (%s): every session is read from the store, and this worker limits attempts "
                "alone, to its share",
                _describe(error),
            )

    def _note_success(self) -> None:
        if self._reachable:
            return
        with self._lock:
            was_reachable, self._reachable = self._reachable, True
        if not was_reachable:
            self._metrics.set(CACHE_REACHABLE, 1)
            _log.warning("Redis is available again: it caches sessions, and all workers limit attempts together")


def _describe(error: RedisError) -> str:
    return describe(error, setting="cache", timeout=_TIMEOUT, remedies=_REMEDIES)
