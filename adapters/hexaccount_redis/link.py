import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.retry import Retry

from hexaccount.kernel.metrics import Metrics
from hexaccount.sessions.metrics import CACHE_OUTAGES, CACHE_REACHABLE
from hexaccount_redis.reasons import is_away, why_no_cache

_log = logging.getLogger("hexaccount.redis")

_PATIENCE = 0.25
_PAUSE = 1.0
# What our scripts do, on a key of theirs, of which nothing is left.
_LOOKED_AT = "hexaccount:sessions:1:look"
_LOOK = """
redis.call('HSET', KEYS[1], 'look', '1')
redis.call('DEL', KEYS[1])
return 'ok'
"""


class CutOff(Exception):
    """Redis cannot be reached, does not answer in time, or cannot do what it is asked."""


class Refused(CutOff):
    """Redis is there, and does not do its work until something is changed there or in the settings."""


class RedisLink:
    """The connections of one process to a Redis, which are opened at first use.

    Nobody waits longer than a quarter of a second, or half where a connection had been lost. After a failure Redis is
    left alone for a second, during which every call is CutOff at once; then one call at a time tries it again.
    """

    def __init__(self, url: str, metrics: Metrics, client: type[Redis] = Redis) -> None:
        """Take a URL of the form `redis://…` or `rediss://…`, and a class of client; ValueError for another URL."""
        # One more attempt, on a new connection: after a restart of the server all that were open are dead.
        retry = Retry(NoBackoff(), 1, supported_errors=(NotConnected,))
        self._client = client.from_url(
            url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=retry,
            client_name="hexaccount",
            decode_responses=True,
        )
        self._look = self.script(_LOOK)
        self._lock = threading.Lock()
        self._try_at = 0.0
        self._reachable = True
        self._metrics = metrics
        self._metrics.set(CACHE_REACHABLE, 1)
        self._metrics.declare(CACHE_OUTAGES)

    @property
    def reachable(self) -> bool:
        """Tell whether the last call reached Redis."""
        return self._reachable

    def script(self, source: str) -> Script:
        """Return a script that `run` may be given; it is sent to the server when that does not know it."""
        return self._client.register_script(source)

    def run(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        """Run a script and return its answer, a text; raises CutOff."""
        if not self._may_try():
            raise CutOff
        return self._run(script, keys, args)

    def insist(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        """Run a script twice if need be, and also just after a failure; raises CutOff after half a second or so."""
        try:
            return self._run(script, keys, args)
        except CutOff:
            return self._run(script, keys, args)

    def _run(self, script: Script, keys: Sequence[str], args: Sequence[str | int]) -> str:
        try:
            answer = script(keys=keys, args=args)
        except RedisError as error:
            self._note_lost(error)
            raise CutOff from None  # a driver's text may hold what was sent
        self._note_reached()
        return str(answer)

    def check(self) -> None:
        """Return if Redis runs scripts for us, and writes; raises CutOff, or Refused, which say why not."""
        try:
            self._client.eval(_LOOK, 1, _LOOKED_AT)
        except RedisError as error:
            raise (CutOff if is_away(error) else Refused)(f"Redis {why_no_cache(error)}") from None

    def look(self) -> None:
        """Find out whether Redis is there, though nobody needs it now; it is left alone after a failure as ever."""
        with suppress(CutOff):
            self.run(self._look, [_LOOKED_AT], [])

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _may_try(self) -> bool:
        if self._reachable:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._try_at:
                return False
            self._try_at = now + _PAUSE
            return True

    def _note_lost(self, error: RedisError) -> None:
        with self._lock:
            self._try_at = time.monotonic() + _PAUSE
            newly_lost, self._reachable = self._reachable, False
        if newly_lost:
            self._metrics.set(CACHE_REACHABLE, 0)
            self._metrics.add(CACHE_OUTAGES)
            _log.warning(
                "Redis is lost (it %s): the store is asked for every session, and this worker limits guesses by "
                "itself, to its share",
                why_no_cache(error),
            )

    def _note_reached(self) -> None:
        if self._reachable:
            return
        with self._lock:
            newly_reached, self._reachable = not self._reachable, True
        if newly_reached:
            self._metrics.set(CACHE_REACHABLE, 1)
            _log.warning("Redis is back: it knows sessions again, and guesses are limited for all workers together")
