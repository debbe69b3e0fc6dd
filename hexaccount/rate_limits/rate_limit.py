"""How often something may be tried: the arithmetic, of which an adapter makes one atomic step."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Self

from hexaccount.rate_limits.rate_limit_status import RateLimitStatus

_TICK = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class GcraBucket:
    """A bucket that an attempt fills by `interval` and that time drains; it has room for `burst` attempts.

    This is the generic cell rate algorithm (ITU-T I.371, annex A). All there is to remember is `until`, the moment at
    which the bucket will have drained. An attempt at `now` is admitted if

        max(until, now) + interval <= now + burst * interval

    and the left side then is the new `until`. So at most `burst + floor(W / interval)` attempts are admitted whose
    `now` lies in any one window of length W, in whatever order they come, also by clocks that disagree:

    Let the window be [a, a + W] and n the number admitted in it. The first leaves until >= a + interval, and each later
    one adds `interval` or more, those outside the window too; so after the last of the n, until >= a + n * interval. As
    that one was admitted, until <= a + W + burst * interval. Hence n <= burst + W / interval.
    """

    capacity: int
    interval: timedelta

    @property
    def room(self) -> timedelta:
        """Return how far beyond the present the bucket may be filled."""
        return self.capacity * self.interval

    def fill(self, until: datetime, now: datetime) -> datetime:
        """Return the moment at which the bucket will have drained after an attempt now."""
        return max(until, now) + self.interval

    def wait(self, until: datetime, now: datetime) -> timedelta:
        """Return how long it takes until one attempt is admitted; not above zero, if one is now."""
        return self.fill(until, now) - now - self.room

    def remaining(self, until: datetime, now: datetime) -> int:
        """Return how many attempts would be admitted now."""
        return max(0, (self.room - max(until - now, timedelta())) // self.interval)

    def scaled(self, factor: float) -> Self:
        """Return a meter that admits `factor` times as much, and one at least; intervals stay whole milliseconds."""
        interval = ceil(self.interval / _TICK / factor) * _TICK
        return type(self)(max(1, int(self.capacity * factor)), interval)


@dataclass(frozen=True, slots=True)
class BucketState:
    """How full the two meters of one key are, as the moments at which they will have drained."""

    burst_until: datetime
    sustained_until: datetime


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Two meters, both of which have to admit an attempt: a brief one for the moment and a lasting one for the day.

    By the second, delays grow for who goes on; and as both drain, nobody is locked out for ever.
    """

    burst: GcraBucket
    sustained: GcraBucket

    def fill(self, bucket_state: BucketState | None, now: datetime) -> BucketState | None:
        """Return the filling after an attempt now, None if it is not admitted; a key unknown so far is empty."""
        before = bucket_state or BucketState(now, now)
        if self.wait(before, now) > timedelta():
            return None
        return BucketState(self.burst.fill(before.burst_until, now), self.sustained.fill(before.sustained_until, now))

    def undo(self, bucket_state: BucketState) -> BucketState:
        """Return the filling before the attempt that has led to this one.

        Exact as long as no other attempt has come in between, which is so where this very filling is still there: each
        attempt moves both moments on, and an undone one moves them back.
        """
        return BucketState(
            bucket_state.burst_until - self.burst.interval, bucket_state.sustained_until - self.sustained.interval
        )

    def wait(self, bucket_state: BucketState, now: datetime) -> timedelta:
        """Return how long it takes until one attempt is admitted; not above zero, if one is now."""
        return max(
            self.burst.wait(bucket_state.burst_until, now), self.sustained.wait(bucket_state.sustained_until, now)
        )

    def limit_status(self, policy: str, bucket_state: BucketState, now: datetime) -> RateLimitStatus:
        """Tell of the meter that allows less; `wait` is rounded up, and never 0."""
        pairs = ((self.burst, bucket_state.burst_until), (self.sustained, bucket_state.sustained_until))
        meter, until = min(pairs, key=lambda pair: (pair[0].remaining(pair[1], now), -pair[0].wait(pair[1], now)))
        remaining = meter.remaining(until, now)
        wait = meter.wait(until, now) + remaining * meter.interval
        return RateLimitStatus(
            policy=policy,
            quota=meter.capacity,
            window=ceil(meter.room / _SECOND),
            remaining=remaining,
            wait=max(1, ceil(wait / _SECOND)),
        )

    def scaled(self, factor: float) -> Self:
        """Return a limit that admits `factor` times as much."""
        return type(self)(self.burst.scaled(factor), self.sustained.scaled(factor))
