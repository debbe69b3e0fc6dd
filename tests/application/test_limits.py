"""At most `burst + floor(W / interval)` attempts in any window of length W, for any interleaving."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.rate_limits.policies import LOCAL, Policy, limits
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.rate_limits.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount_memory import MemoryRateLimitStore

BEGIN = datetime(2026, 1, 2, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(20, timedelta(minutes=12)))


def at(milliseconds: float) -> datetime:
    return BEGIN + timedelta(milliseconds=milliseconds)


meters = st.builds(GcraBucket, st.integers(1, 6), st.integers(1, 40).map(lambda n: n * MILLISECOND))
small_limits = st.builds(RateLimit, meters, meters)
# Each attempt by a clock of its own, that is ahead or behind; an undone one takes back any that was admitted before.
attempts = st.tuples(st.just("take"), st.integers(0, 300))
undoings = st.tuples(st.just("undo"), st.integers(0, 100))
histories = st.lists(attempts | undoings, max_size=80)


def admitted(limit: RateLimit, history: list[tuple[str, int]]) -> list[datetime]:
    """Return the moments of the attempts that were admitted and stayed so."""
    rate_limits = MemoryRateLimitStore()
    limit_status: list[tuple[datetime, BucketState]] = []
    for deed, number in history:
        if deed == "take":
            try:
                limit_status.append((at(number), rate_limits.acquire({"key": limit}, at(number))["key"]))
            except LimitExceeded:
                continue
        elif limit_status:
            given_back = limit_status[number % len(limit_status)]
            before = rate_limits._fillings["key"]
            rate_limits.refund({"key": limit}, {"key": given_back[1]})
            if rate_limits._fillings["key"] != before:
                limit_status.remove(given_back)
    return sorted(moment for moment, _ in limit_status)


@given(small_limits, histories)
def test_no_window_has_more_attempts_than_the_limit_allows(limit: RateLimit, history: list[tuple[str, int]]) -> None:
    moments = admitted(limit, history)
    for first, begin in enumerate(moments):
        for last, end in enumerate(moments[first:], start=first):
            for meter in (limit.burst, limit.sustained):
                assert last - first + 1 <= meter.capacity + (end - begin) // meter.interval


@given(small_limits, st.lists(attempts, max_size=80))
def test_a_refused_attempt_is_admitted_after_the_wait_it_is_told_and_not_before(
    limit: RateLimit, history: list[tuple[str, int]]
) -> None:
    bucket_state = BucketState(BEGIN, BEGIN)
    for _, number in sorted(history):
        after = limit.fill(bucket_state, at(number))
        if after is None:
            wait = limit.wait(bucket_state, at(number))
            assert wait > timedelta()
            assert limit.fill(bucket_state, at(number) + wait)
            assert limit.fill(bucket_state, at(number) + wait - MILLISECOND) is None
        else:
            bucket_state = after


@given(small_limits, st.lists(attempts, min_size=1, max_size=40))
def test_what_is_said_to_remain_is_what_is_admitted(limit: RateLimit, history: list[tuple[str, int]]) -> None:
    bucket_state, now = BucketState(BEGIN, BEGIN), BEGIN
    for _, number in sorted(history):
        now = at(number)
        bucket_state = limit.fill(bucket_state, now) or bucket_state
    told = limit.limit_status("login", bucket_state, now)
    count = 0
    while after := limit.fill(bucket_state, now):
        bucket_state, count = after, count + 1
    assert told.remaining == count
    assert told.wait >= 1


def test_one_who_goes_on_waits_ever_longer_and_is_never_locked_out() -> None:
    bucket_state, now, waits = BucketState(BEGIN, BEGIN), BEGIN, []
    for _ in range(40):
        wait = max(LIMIT.wait(bucket_state, now), timedelta())
        waits.append(wait.total_seconds())
        now += wait
        after = LIMIT.fill(bucket_state, now)
        assert after
        bucket_state = after
    assert waits[:5] == [0] * 5
    assert waits[5:15] == [12] * 10
    assert waits[-10:] == [720] * 10
    assert LIMIT.limit_status("login", bucket_state, now + timedelta(days=1)).remaining == 5


def test_a_clock_that_goes_back_admits_nothing_more() -> None:
    rate_limits = MemoryRateLimitStore()
    for _ in range(5):
        rate_limits.acquire({"key": LIMIT}, at(0))
    with pytest.raises(LimitExceeded):
        rate_limits.acquire({"key": LIMIT}, at(-3_600_000))


@pytest.mark.parametrize(
    ("used", "seconds", "remaining", "wait"),
    [(1, 0, 4, 12), (2, 0, 3, 12), (2, 5, 3, 7), (5, 0, 0, 12), (5, 11.5, 0, 1), (5, 12, 1, 12)],
)
def test_a_standing_tells_what_is_left_and_when_there_is_more(
    used: int, seconds: float, remaining: int, wait: int
) -> None:
    bucket_state = BucketState(BEGIN, BEGIN)
    for _ in range(used):
        bucket_state = LIMIT.fill(bucket_state, BEGIN) or bucket_state
    told = LIMIT.limit_status("login", bucket_state, BEGIN + timedelta(seconds=seconds))
    assert (told.quota, told.window, told.remaining, told.wait) == (5, 60, remaining, wait)


def test_the_meter_that_allows_less_is_the_one_that_is_told_of() -> None:
    bucket_state = BucketState(BEGIN, BEGIN + 20 * timedelta(minutes=12))
    told = LIMIT.limit_status("login", bucket_state, BEGIN)
    assert (told.quota, told.window, told.remaining, told.wait) == (20, 14_400, 0, 720)


def test_every_policy_has_a_limit_whose_second_meter_is_the_slower_and_larger() -> None:
    table = limits()
    assert set(table) == set(get_args(Policy)) >= LOCAL
    for limit in table.values():
        assert limit.sustained.interval > limit.burst.interval
        assert limit.sustained.capacity > limit.burst.capacity


def test_nobody_shuts_an_account_from_one_address_though_it_has_two_names() -> None:
    pair, account = limits()["login"], limits()["login-account"]
    for one, other in ((pair.burst, account.burst), (pair.sustained, account.sustained)):
        assert 2 * one.capacity < other.capacity
        assert one.interval / 2 > other.interval


def test_nothing_that_guesses_is_counted_by_each_process_for_itself() -> None:
    assert {"avatar", "keys", "documents", "sockets"} == LOCAL


@pytest.mark.parametrize("factor", [1, 1.5, 60, 100_000])
def test_a_factor_makes_every_limit_that_much_more_generous(factor: float) -> None:
    for policy, scaled in limits(factor).items():
        limit = limits()[policy]
        pairs: Any = ((limit.burst, scaled.burst), (limit.sustained, scaled.sustained))
        for meter, larger in pairs:
            assert larger.capacity == int(meter.capacity * factor)
            assert larger.interval >= MILLISECOND
            assert larger.interval % MILLISECOND == timedelta()
            assert larger.interval - meter.interval / factor <= MILLISECOND


def test_meters_that_have_drained_are_dropped() -> None:
    rate_limits = MemoryRateLimitStore()
    for number in range(20_000):
        rate_limits.acquire({f"key {number}": LIMIT}, BEGIN + number * timedelta(minutes=1))
    assert len(rate_limits) < 1100


def test_who_makes_up_keys_does_not_wash_away_a_full_meter() -> None:
    rate_limits = MemoryRateLimitStore(most=50)
    for _ in range(5):
        rate_limits.acquire({"full": LIMIT}, at(0))
    for number in range(1000):
        rate_limits.acquire({f"made up {number}": LIMIT}, at(number))
        assert len(rate_limits) <= 50
    with pytest.raises(LimitExceeded):
        rate_limits.acquire({"full": LIMIT}, at(1000))
