"""At most `capacity + floor(W / interval)` attempts in any window of length W, and not many more by two clocks."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.kernel.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.passwords.login_throttle import LOGIN, LOGIN_ACCOUNT
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount_memory import MemoryRateLimitStore
from tests.policies import POLICIES

BEGIN = datetime(2026, 1, 2, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(20, timedelta(minutes=12)))


def at(milliseconds: float) -> datetime:
    return BEGIN + timedelta(milliseconds=milliseconds)


buckets = st.builds(GcraBucket, st.integers(1, 6), st.integers(1, 40).map(lambda n: n * MILLISECOND))
small_limits = st.builds(RateLimit, buckets, buckets)
attempts = st.tuples(st.just("acquire"), st.integers(0, 300))
# Each attempt comes some milliseconds after the one before, by the clock that is behind (0) or by that ahead (1); a
# refund is of any earlier attempt that was permitted and not refunded yet.
steps = st.tuples(st.integers(0, 30), st.sampled_from([0, 1]))
refunds = st.tuples(st.integers(0, 100), st.none())
histories = st.lists(steps | refunds, max_size=80)


@dataclass
class Played:
    """What a store has after a step: when attempts were permitted and not refunded, by the clock that is behind.

    late: the milliseconds from the attempts that were refunded to their refunds.
    """

    store: MemoryRateLimitStore = field(default_factory=MemoryRateLimitStore)
    now: int = 0
    moments: list[int] = field(default_factory=list)
    late: int = 0


def play(limit: RateLimit, history: list[tuple[int, int | None]], apart: int = 0) -> Iterator[Played]:
    played = Played()
    for number, clock in history:
        if clock is not None:
            played.now += number
            with suppress(LimitExceeded):
                played.store.acquire({"key": limit}, at(played.now + clock * apart))
                played.moments.append(played.now)
        elif played.moments:
            elapsed = played.now - played.moments.pop(number % len(played.moments))
            played.store.refund({"key": limit}, elapsed * MILLISECOND)
            played.late += elapsed
        yield played


@settings(max_examples=5 * settings.default.max_examples)
@given(small_limits, histories, st.integers(0, 40))
def test_no_window_has_more_attempts_than_clocks_that_differ_allow(
    limit: RateLimit, history: list[tuple[int, int | None]], apart: int
) -> None:
    """With one clock, that is the capacity, and one for each interval; attempts that are refunded do not count."""
    for played in play(limit, history, apart):
        moments = played.moments
        for bucket in (limit.burst, limit.sustained):
            if moments and apart * MILLISECOND < bucket.interval:
                for number, begin in enumerate(moments):
                    room = bucket.window + (moments[-1] - begin) * MILLISECOND
                    assert len(moments) - number <= room // (bucket.interval - apart * MILLISECOND)


@given(small_limits, histories)
def test_a_refund_leaves_no_bucket_emptier_than_without_the_attempt_and_fuller_by_the_time_since_at_most(
    limit: RateLimit, history: list[tuple[int, int | None]]
) -> None:
    for played in play(limit, history):
        for name in ("burst", "sustained"):
            bucket: GcraBucket = getattr(limit, name)
            without = reduce(bucket.fill, map(at, played.moments), BEGIN)
            stored = getattr(played.store._fillings.get("key"), f"{name}_until", BEGIN)
            more = max(stored, at(played.now)) - max(without, at(played.now))
            assert timedelta() <= more <= played.late * MILLISECOND


@given(small_limits, st.lists(attempts, max_size=80))
def test_a_refused_attempt_succeeds_after_the_reported_wait_and_not_before(
    limit: RateLimit, history: list[tuple[str, int]]
) -> None:
    state = BucketState(BEGIN, BEGIN)
    for _, number in sorted(history):
        after = limit.fill(state, at(number))
        if after is None:
            wait = limit.wait(state, at(number))
            assert wait > timedelta()
            assert limit.fill(state, at(number) + wait)
            assert limit.fill(state, at(number) + wait - MILLISECOND) is None
        else:
            state = after


@given(small_limits, st.lists(attempts, min_size=1, max_size=40))
def test_the_reported_remaining_attempts_are_permitted(limit: RateLimit, history: list[tuple[str, int]]) -> None:
    state, now = BucketState(BEGIN, BEGIN), BEGIN
    for _, number in sorted(history):
        now = at(number)
        state = limit.fill(state, now) or state
    status = limit.status("login", state, now)
    count = 0
    while after := limit.fill(state, now):
        state, count = after, count + 1
    assert status.remaining == count
    assert status.wait >= 1


def test_continued_attempts_wait_longer_and_are_never_locked_out() -> None:
    state, now, waits = BucketState(BEGIN, BEGIN), BEGIN, []
    for _ in range(40):
        wait = max(LIMIT.wait(state, now), timedelta())
        waits.append(wait.total_seconds())
        now += wait
        after = LIMIT.fill(state, now)
        assert after
        state = after
    assert waits[:5] == [0] * 5
    assert waits[5:15] == [12] * 10
    assert waits[-10:] == [720] * 10
    assert LIMIT.status("login", state, now + timedelta(days=1)).remaining == 5


def test_a_clock_that_goes_back_permits_no_more_attempts() -> None:
    rate_limits = MemoryRateLimitStore()
    for _ in range(5):
        rate_limits.acquire({"key": LIMIT}, at(0))
    for milliseconds in (-3_600_000, -3_588_001):
        with pytest.raises(LimitExceeded):
            rate_limits.acquire({"key": LIMIT}, at(milliseconds))
    assert rate_limits.acquire({"key": LIMIT}, at(-3_588_000))


@pytest.mark.parametrize(
    ("used", "seconds", "remaining", "wait"),
    [(1, 0, 4, 12), (2, 0, 3, 12), (2, 5, 3, 7), (5, 0, 0, 12), (5, 11.5, 0, 1), (5, 12, 1, 12)],
)
def test_the_status_reports_the_remaining_attempts_and_the_wait(
    used: int, seconds: float, remaining: int, wait: int
) -> None:
    state = BucketState(BEGIN, BEGIN)
    for _ in range(used):
        state = LIMIT.fill(state, BEGIN) or state
    status = LIMIT.status("login", state, BEGIN + timedelta(seconds=seconds))
    assert (status.quota, status.window, status.remaining, status.wait) == (5, 60, remaining, wait)


def test_the_status_reports_the_stricter_bucket() -> None:
    state = BucketState(BEGIN, BEGIN + 20 * timedelta(minutes=12))
    status = LIMIT.status("login", state, BEGIN)
    assert (status.quota, status.window, status.remaining, status.wait) == (20, 14_400, 0, 720)


def test_the_sustained_bucket_of_every_policy_is_slower_and_larger() -> None:
    assert set(POLICIES) == {
        "login", "login-name", "login-account", "login-address", "login-device",
        "logins-of-account", "logins-of-address", "logins-of-device", "password", "register", "refresh", "logout",
        "avatar", "keys", "documents", "sockets", "writes", "refresh-session",
        "mail", "recovery", "recovery-complete", "verification", "verify",
    }  # fmt: skip
    for limit in (policy.limit for policy in POLICIES.values()):
        assert limit.sustained.interval > limit.burst.interval
        assert limit.sustained.capacity > limit.burst.capacity


def test_one_address_cannot_block_an_account_by_its_two_names() -> None:
    pair, account = LOGIN.limit, LOGIN_ACCOUNT.limit
    for one, other in ((pair.burst, account.burst), (pair.sustained, account.sustained)):
        assert 2 * one.capacity < other.capacity
        assert one.interval / 2 > other.interval


def test_policies_against_guessing_are_never_local() -> None:
    assert {name for name, policy in POLICIES.items() if policy.local} == {
        "avatar", "keys", "documents", "sockets", "refresh", "refresh-session",
    }  # fmt: skip


@pytest.mark.parametrize("factor", [1, 1.5, 60, 100_000])
def test_a_factor_scales_every_limit(factor: float) -> None:
    for policy in POLICIES.values():
        limit, scaled = policy.limit, policy.limit.scaled(factor)
        pairs: Any = ((limit.burst, scaled.burst), (limit.sustained, scaled.sustained))
        for bucket, larger in pairs:
            assert larger.capacity == int(bucket.capacity * factor)
            assert larger.interval >= MILLISECOND
            assert larger.interval % MILLISECOND == timedelta()
            assert larger.interval - bucket.interval / factor <= MILLISECOND


def test_idle_buckets_are_removed() -> None:
    rate_limits = MemoryRateLimitStore()
    for number in range(20_000):
        rate_limits.acquire({f"key {number}": LIMIT}, BEGIN + number * timedelta(minutes=1))
    assert len(rate_limits) < 1100


def test_many_new_keys_do_not_evict_a_full_bucket() -> None:
    rate_limits = MemoryRateLimitStore(most=50)
    for _ in range(5):
        rate_limits.acquire({"full": LIMIT}, at(0))
    for number in range(1000):
        rate_limits.acquire({f"new {number}": LIMIT}, at(number))
        assert len(rate_limits) <= 50
    with pytest.raises(LimitExceeded):
        rate_limits.acquire({"full": LIMIT}, at(1000))
