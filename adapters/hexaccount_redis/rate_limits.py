from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable
from hexaccount_redis.client import RedisClient
from hexaccount_redis.failures import RedisUnavailable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)

# `Limit.fill` for several keys: all of them, or none and the number of the first that is full. A key expires when its
# buckets have drained by the caller's clock, so that the server's clock does not matter. A state that no bucket can
# have now is cut, as in `GcraBucket.cut`. The arguments are now, and for each key two pairs, burst and sustained: the
# interval, and the time at which a bucket drains that is full now.
_ACQUIRE = """
local now = tonumber(ARGV[1])
local function store(key, burst, sustained)
    local state = {string.format('%.0f', burst), string.format('%.0f', sustained)}
    redis.call('HSET', key, 'burst', state[1], 'sustained', state[2])
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(burst, sustained) - now))
    return table.concat(state, ' ')
end
local after, full = {}, nil
for row, key in ipairs(KEYS) do
    local found = redis.call('HMGET', key, 'burst', 'sustained')
    local stored_burst, stored_sustained = tonumber(found[1] or now), tonumber(found[2] or now)
    local at = 4 * row - 2
    local burst = math.min(stored_burst, tonumber(ARGV[at + 1]))
    local sustained = math.min(stored_sustained, tonumber(ARGV[at + 3]))
    if burst ~= stored_burst or sustained ~= stored_sustained then
        store(key, burst, sustained)
    end
    local filled_burst = math.max(burst, now) + tonumber(ARGV[at])
    local filled_sustained = math.max(sustained, now) + tonumber(ARGV[at + 2])
    if not full and (filled_burst > tonumber(ARGV[at + 1]) or filled_sustained > tonumber(ARGV[at + 3])) then
        full = string.format('%.0f %.0f %.0f', row, burst, sustained)
    end
    after[row] = {filled_burst, filled_sustained}
end
if full then
    return full
end
local states = {}
for row, key in ipairs(KEYS) do
    states[row] = store(key, after[row][1], after[row][2])
end
return '0 ' .. table.concat(states, ' ')
"""

# The arguments are two durations for each key, by which burst and sustained are moved back.
_REFUND = """
for row, key in ipairs(KEYS) do
    local found = redis.call('HMGET', key, 'burst', 'sustained')
    if found[1] then
        local burst = string.format('%.0f', found[1] - ARGV[2 * row - 1])
        redis.call('HSET', key, 'burst', burst, 'sustained', string.format('%.0f', found[2] - ARGV[2 * row]))
    end
end
return ''
"""


class RedisRateLimitStore(RateLimitStore):
    """Counts attempts for all processes that share a Redis; RateLimitStoreUnavailable while it is unreachable."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._acquire = client.script(_ACQUIRE)
        self._refund = client.script(_REFUND)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        arguments = [_ticks(now)]
        for limit in limits.values():
            for bucket in (limit.burst, limit.sustained):
                arguments += [bucket.interval // _TICK, _ticks(now + bucket.window)]
        try:
            result = self._client.run(self._acquire, [_key(key) for key in limits], arguments)
        except RedisUnavailable as error:
            raise RateLimitStoreUnavailable from error
        full, *times = map(int, result.split())
        states = [_filling(*pair) for pair in zip(times[::2], times[1::2], strict=True)]
        if full:
            raise LimitExceeded(list(limits)[full - 1], states[0])
        return dict(zip(limits, states, strict=True))

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        """Undo an attempt; while Redis is unavailable it stays counted.

        The client repeats a call whose connection breaks, so that such an attempt may be given back twice.
        """
        buckets = (bucket for limit in limits.values() for bucket in (limit.burst, limit.sustained))
        arguments = [bucket.refundable(elapsed) // _TICK for bucket in buckets]
        with suppress(RedisUnavailable):
            self._client.run(self._refund, [_key(key) for key in limits], arguments)


def _key(key: str) -> str:
    return f"hexaccount:rate-limits:1:{key}"


def _ticks(time: datetime) -> int:
    return (time - _EPOCH) // _TICK


def _filling(capacity: int, sustained: int) -> BucketState:
    return BucketState(_EPOCH + capacity * _TICK, _EPOCH + sustained * _TICK)
