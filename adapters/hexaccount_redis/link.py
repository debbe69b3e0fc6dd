import logging
import threading
import time
from collections.abc import Sequence

from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow
from redis.retry import Retry

from hexaccount.application.measures import CACHE_OUTAGES, CACHE_REACHABLE
from hexaccount.application.ports.metrics import Metrics

_log = logging.getLogger("hexaccount.redis")

_PATIENCE = 0.25
_PAUSE = 1.0


class CutOff(Exception):
    """Redis cannot be reached, does not answer in time, or cannot do what it is asked."""


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
        self._lock = threading.Lock()
        self._try_at = 0.0
        self._reachable = True
        self._metrics = metrics
        self._metrics.set(CACHE_REACHABLE, 1)
        self._metrics.expect(CACHE_OUTAGES)

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
        """Return if Redis answers, and runs scripts for us; raises CutOff, which says why not."""
        try:
            self._client.eval("return 'ok'", 0)
        except RedisError as error:
            raise CutOff(_told(error)) from None

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
                "Redis is lost (%s): the store is asked for every session, and this worker limits guesses by itself, "
                "to its share",
                _reason(error),
            )

    def _note_reached(self) -> None:
        if self._reachable:
            return
        with self._lock:
            newly_reached, self._reachable = not self._reachable, True
        if newly_reached:
            self._metrics.set(CACHE_REACHABLE, 1)
            _log.warning("Redis is back: it knows sessions again, and guesses are limited for all workers together")


def _reason(error: RedisError) -> str:
    """Return why Redis was lost; the driver's own text may hold what was sent."""
    if isinstance(error, AuthenticationError | NoPermissionError):
        return "it refuses the user or the password that the setting cache names, or does not let them do this"
    return type(error).__name__


def _told(error: RedisError) -> str:
    match error:
        case AuthenticationError() | NoPermissionError():
            return _reason(error)
        case TooSlow():
            return f"Redis did not answer within {_PATIENCE:g} s"
        case NotConnected():
            return "Redis cannot be reached"
    return f"Redis has answered with an error ({type(error).__name__})"
