"""How often something may be tried: the arithmetic, which an adapter executes as one atomic step."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple, Self

_TICK = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class GcraBucket:
    """A bucket that an attempt fills by `interval` and that time drains; `capacity` attempts fit into it.

    This is the generic cell rate algorithm (ITU-T I.371, annex A). Its whole state is `until`, the moment at which the
    bucket will be empty. An attempt at `now` is admitted if

        max(until, now) + interval <= now + capacity * interval

    and the left side then is the new `until`. So at most `capacity + floor(W / interval)` attempts are admitted in any
    one window of length W, and not many more by clocks that differ by d < interval:

    Let the window be [a, a + W] by the clock that is last, and n the number admitted in it. In its view the bucket is
    empty at v = min(max(until, now), now + capacity * interval). At the begin v >= a, and at the end
    v <= a + W + capacity * interval. Each of the n has moved v forward: by `interval`, or where a clock that is ahead
    has admitted it, by `interval - d` at least. A `cut` leaves v as it is. Hence n <= (capacity * interval + W) /
    (interval - d). Clocks that differ by `interval` or more are not held by this bucket, but by one that is slower.

    Attempts that are refunded do not count in n. A bucket into which one attempt more was poured is fuller by
    `interval`, and later by as much less as the other bucket has been empty, so by `refundable` at least. Hence no
    refund makes a bucket emptier than one that only the other attempts have filled. A `cut` of moments of a clock that
    is ahead takes d at most, and takes something only if more attempts than refunds have come since the one before.
    """

    capacity: int
    interval: timedelta

    @property
    def window(self) -> timedelta:
        """Return how long a full bucket takes to drain."""
        return self.capacity * self.interval

    def cut(self, until: datetime, now: datetime) -> datetime:
        """Return `until`, at most the moment at which a bucket that is full now will be empty.

        A later one is of a clock that is, or was, ahead. It would refuse attempts until all clocks have reached it.
        """
        return min(until, now + self.window)

    def fill(self, until: datetime, now: datetime) -> datetime:
        """Return the moment at which the bucket will be empty after an attempt now."""
        return max(until, now) + self.interval

    def refundable(self, elapsed: timedelta) -> timedelta:
        """Return what the bucket still contains, at least, of an attempt that it has admitted `elapsed` ago."""
        return min(max(self.interval - elapsed, timedelta()), self.interval)

    def wait(self, until: datetime, now: datetime) -> timedelta:
        """Return the time until one attempt is admitted; not above zero if one is admitted now."""
        return self.fill(until, now) - now - self.window

    def remaining(self, until: datetime, now: datetime) -> int:
        """Return how many attempts would be admitted now."""
        return max(0, (self.window - max(until - now, timedelta())) // self.interval)

    def scaled(self, factor: float) -> Self:
        """Return a bucket that admits `factor` times as much, and one at least; intervals stay whole milliseconds."""
        interval = ceil(self.interval / _TICK / factor) * _TICK
        return type(self)(max(1, int(self.capacity * factor)), interval)


class BucketState(NamedTuple):
    """The moments at which the two buckets of one key will be empty."""

    burst_until: datetime
    sustained_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitStatus:
    """What is left of a rate limit.

    `policy` is its name. Of `quota` attempts in `window` seconds `remaining` are left; one more is in `wait` seconds.
    """

    policy: str
    quota: int
    window: int
    remaining: int
    wait: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Two buckets, both of which have to admit an attempt: one for bursts, one for the sustained rate.

    The second makes a persistent client wait longer and longer; as both drain, no key is locked out for ever.
    """

    burst: GcraBucket
    sustained: GcraBucket

    @classmethod
    def of(cls, burst: int, each: float, sustained: int, sustained_each: float) -> Self:
        """Return a limit of `burst` attempts at once, then one per `each` seconds, and likewise for the long run."""
        return cls(GcraBucket(burst, timedelta(seconds=each)), GcraBucket(sustained, timedelta(seconds=sustained_each)))

    def cut(self, state: BucketState, now: datetime) -> BucketState:
        """Return the state without what a clock that is, or was, ahead has added; see `GcraBucket.cut`."""
        return BucketState(self.burst.cut(state.burst_until, now), self.sustained.cut(state.sustained_until, now))

    def fill(self, state: BucketState | None, now: datetime) -> BucketState | None:
        """Return the state after an attempt now, None if it is not admitted; an unknown key has empty buckets."""
        before = state or BucketState(now, now)
        burst, sustained = self.burst.fill(before.burst_until, now), self.sustained.fill(before.sustained_until, now)
        admitted = burst - now <= self.burst.window and sustained - now <= self.sustained.window
        return BucketState(burst, sustained) if admitted else None

    def refund(self, state: BucketState, elapsed: timedelta) -> BucketState:
        """Return the state without what is left of an attempt that was admitted `elapsed` ago."""
        burst, sustained = self.burst.refundable(elapsed), self.sustained.refundable(elapsed)
        return BucketState(state.burst_until - burst, state.sustained_until - sustained)

    def wait(self, state: BucketState, now: datetime) -> timedelta:
        """Return the time until one attempt is admitted; not above zero if one is admitted now."""
        return max(self.burst.wait(state.burst_until, now), self.sustained.wait(state.sustained_until, now))

    def status(self, policy: str, state: BucketState, now: datetime) -> RateLimitStatus:
        """Return the status of the bucket that allows less; `wait` is rounded up, and at least 1."""
        pairs = ((self.burst, state.burst_until), (self.sustained, state.sustained_until))
        bucket, until = min(pairs, key=lambda pair: (pair[0].remaining(pair[1], now), -pair[0].wait(pair[1], now)))
        remaining = bucket.remaining(until, now)
        wait = bucket.wait(until, now) + remaining * bucket.interval
        return RateLimitStatus(
            policy=policy,
            quota=bucket.capacity,
            window=ceil(bucket.window / _SECOND),
            remaining=remaining,
            wait=max(1, ceil(wait / _SECOND)),
        )

    def scaled(self, factor: float) -> Self:
        """Return a limit that admits `factor` times as much."""
        if factor == 1:
            return self
        return type(self)(self.burst.scaled(factor), self.sustained.scaled(factor))


@dataclass(frozen=True, slots=True)
class RateLimitPolicy:
    """A rate limit under the name that clients see.

    local: each process counts by itself, which costs no store access; for what bounds work and guards no secret.
    counts_success: an attempt that succeeds counts too, as it is the work that is limited, and not the guesses.
    """

    name: str
    limit: RateLimit
    local: bool = False
    counts_success: bool = False
