from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit
from hexaccount_redis.link import CutOff, RedisLink

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)

# `Limit.fill` for several keys: all of them, or none and the number of the first that is full. A key expires when its
# meters have drained by the clock of who takes, so that no clock of the server's comes in. The arguments are now, and
# for each key the interval of each of its two meters and how late that may drain before the attempt.
_TAKE = """
local now = tonumber(ARGV[1])
local after = {}
for row, key in ipairs(KEYS) do
    local found = redis.call('HMGET', key, 'brief', 'lasting')
    local brief, lasting = tonumber(found[1] or now), tonumber(found[2] or now)
    local of = 4 * row - 2
    if brief > tonumber(ARGV[of + 1]) or lasting > tonumber(ARGV[of + 3]) then
        return string.format('%.0f %.0f %.0f', row, brief, lasting)
    end
    after[2 * row - 1] = math.max(brief, now) + tonumber(ARGV[of])
    after[2 * row] = math.max(lasting, now) + tonumber(ARGV[of + 2])
end
local told = {}
for row, key in ipairs(KEYS) do
    local brief, lasting = string.format('%.0f', after[2 * row - 1]), string.format('%.0f', after[2 * row])
    redis.call('HSET', key, 'brief', brief, 'lasting', lasting)
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(after[2 * row - 1], after[2 * row]) - now))
    told[row] = brief .. ' ' .. lasting
end
return '0 ' .. table.concat(told, ' ')
"""

# For each key the two moments after the attempt, by which it is known that nobody came since, and those before it.
_GIVE_BACK = """
for row, key in ipairs(KEYS) do
    local found = redis.call('HMGET', key, 'brief', 'lasting')
    local of = 4 * row - 3
    if found[1] == ARGV[of] and found[2] == ARGV[of + 1] then
        redis.call('HSET', key, 'brief', ARGV[of + 2], 'lasting', ARGV[of + 3])
    end
end
return ''
"""


class RedisRateLimitStore(RateLimitStore):
    """Counts attempts for all processes that share a Redis. `take` raises RateLimitStoreUnavailable while that is lost."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._take = link.script(_TAKE)
        self._give_back = link.script(_GIVE_BACK)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        arguments = [_ticks(now)]
        for limit in limits.values():
            for meter in (limit.burst, limit.sustained):
                # `Meter` admits if until <= now + room - interval, which is never below now.
                arguments += [meter.interval // _TICK, _ticks(now + meter.room - meter.interval)]
        try:
            answer = self._link.run(self._take, [_key(key) for key in limits], arguments)
        except CutOff as error:
            raise RateLimitStoreUnavailable from error
        full, *moments = map(int, answer.split())
        bucket_states = [_filling(*pair) for pair in zip(moments[::2], moments[1::2], strict=True)]
        if full:
            raise LimitExceeded(list(limits)[full - 1], bucket_states[0])
        return dict(zip(limits, bucket_states, strict=True))

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        """Undo an attempt; while Redis is lost it stays counted."""
        arguments: list[int] = []
        for key, after in bucket_states.items():
            for bucket_state in (after, limits[key].undo(after)):
                arguments += [_ticks(bucket_state.burst_until), _ticks(bucket_state.sustained_until)]
        with suppress(CutOff):
            self._link.run(self._give_back, [_key(key) for key in bucket_states], arguments)


def _key(key: str) -> str:
    return f"hexaccount:allowances:1:{key}"


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _filling(burst: int, sustained: int) -> BucketState:
    return BucketState(_EPOCH + burst * _TICK, _EPOCH + sustained * _TICK)
