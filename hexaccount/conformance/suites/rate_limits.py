import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import START
from hexaccount.conformance.suites.races import RacingThreads, outcome
from hexaccount.kernel.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.store_kit.store import Store

NOW = START
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def acquire(store: Store, key: str = "key", now: datetime = NOW, limit: RateLimit = LIMIT) -> BucketState | None:
    """Return the bucket state after an attempt, None if it was refused."""
    try:
        return store.rate_limits.acquire({key: limit}, now)[key]
    except LimitExceeded:
        return None


def refund(store: Store, key: str = "key", elapsed: timedelta = timedelta()) -> None:
    store.rate_limits.refund({key: LIMIT}, elapsed)


class RateLimitStoreContract(ContractSuite):
    """A limit permits no more attempts than its capacity, however many are made at once."""

    def test_a_burst_is_permitted_and_then_one_attempt_per_interval(self, store: Store) -> None:
        assert [acquire(store) is not None for _ in range(7)] == [True] * 5 + [False] * 2
        assert acquire(store, now=later(11.999)) is None
        assert acquire(store, now=later(12))
        assert acquire(store, now=later(12)) is None

    def test_the_sustained_bucket_refuses_when_the_burst_bucket_has_drained(self, store: Store) -> None:
        for number in range(8):
            assert acquire(store, now=later(12 * number))
        assert acquire(store, now=later(100)) is None
        assert acquire(store, now=later(180))

    def test_keys_are_counted_separately(self, store: Store) -> None:
        for _ in range(6):
            acquire(store, "one")
        assert acquire(store, "other")

    def test_keys_with_a_long_common_prefix_are_counted_separately(self, store: Store) -> None:
        for _ in range(6):
            acquire(store, "x" * 300 + "one")
        assert acquire(store, "x" * 300 + "two"), "a key was cut"
        assert acquire(store, "x" * 300), "a key was cut"

    def test_an_attempt_returns_the_new_state_and_a_refusal_the_current_state(self, store: Store) -> None:
        states = [acquire(store) for _ in range(5)]
        assert states[0] == BucketState(later(12), later(180))
        assert states[4] == BucketState(later(60), later(900))
        with pytest.raises(LimitExceeded) as refusal:
            store.rate_limits.acquire({"key": LIMIT}, NOW)
        assert (refusal.value.key, refusal.value.state) == ("key", states[4])

    def test_a_refused_attempt_changes_nothing(self, store: Store) -> None:
        for _ in range(50):
            acquire(store)
        assert acquire(store, now=later(12))

    def test_a_refunded_attempt_does_not_count(self, store: Store, other_store: Store) -> None:
        for number in range(30):
            assert acquire((store, other_store)[number % 2], now=later(number))
            refund((other_store, store)[number % 2])
        assert [acquire(store, now=later(30)) is not None for _ in range(6)] == [True] * 5 + [False]

    def test_an_attempt_is_refunded_whatever_came_after_it(self, store: Store) -> None:
        states = [acquire(store) for _ in range(5)]
        refund(store)
        assert acquire(store) == states[4]
        for _ in range(5):
            refund(store)
        assert [acquire(store) for _ in range(5)] == states

    def test_what_has_drained_since_an_attempt_is_not_refunded(self, store: Store) -> None:
        first, second = acquire(store), acquire(store, now=later(9))
        assert (first, second) == (BucketState(later(12), later(180)), BucketState(later(24), later(360)))
        refund(store, elapsed=timedelta(seconds=9))
        assert acquire(store, now=later(9)) == BucketState(later(33), later(369))
        refund(store, elapsed=timedelta(seconds=12))
        assert acquire(store, now=later(9)) == BucketState(later(45), later(381))

    def test_a_refund_of_a_clock_that_was_set_back_meanwhile_is_of_one_attempt(self, store: Store) -> None:
        for _ in range(5):
            acquire(store)
        refund(store, elapsed=-timedelta(days=1))
        assert [acquire(store) is not None for _ in range(2)] == [True, False]

    def test_a_refund_of_what_is_not_stored_changes_nothing(self, store: Store) -> None:
        acquire(store, "other")
        store.rate_limits.refund({"key": LIMIT, "other": LIMIT}, timedelta())
        assert acquire(store) == acquire(store, "other") == BucketState(later(12), later(180))

    def test_an_attempt_counts_at_all_keys_or_at_none(self, store: Store) -> None:
        for number in range(5):
            assert acquire(store, "full") == BucketState(later(12 * number + 12), later(180 * number + 180))
        for keys in (("empty", "full", "other"), ("full", "empty"), ("empty", "full")):
            with pytest.raises(LimitExceeded) as refusal:
                store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)
            assert (refusal.value.key, refusal.value.state) == ("full", BucketState(later(60), later(900)))
        assert acquire(store, "empty") == acquire(store, "other") == BucketState(later(12), later(180))

    def test_a_refusal_names_the_first_of_several_full_keys(self, store: Store) -> None:
        for _ in range(5):
            store.rate_limits.acquire({"a": LIMIT, "b": LIMIT}, NOW)
        for keys in ("bca", "cab", "ab", "ba"):
            with pytest.raises(LimitExceeded) as refusal:
                store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)
            assert refusal.value.key == keys.strip("c")[0]

    def test_each_key_has_its_own_limit(self, store: Store) -> None:
        wide = RateLimit(GcraBucket(50, timedelta(seconds=1)), GcraBucket(100, timedelta(seconds=2)))
        for number in range(1, 6):
            states = store.rate_limits.acquire({"wide": wide, "narrow": LIMIT}, later(0.25))
            assert states == {
                "wide": BucketState(later(0.25 + number), later(0.25 + 2 * number)),
                "narrow": BucketState(later(0.25 + 12 * number), later(0.25 + 180 * number)),
            }
        with pytest.raises(LimitExceeded, match="a bucket is full") as refusal:
            store.rate_limits.acquire({"wide": wide, "narrow": LIMIT}, NOW)
        assert refusal.value.key == "narrow"
        assert store.rate_limits.acquire({"wide": wide}, NOW)["wide"] == BucketState(later(6.25), later(12.25))

    def test_a_refund_is_of_its_keys_and_of_their_limits(self, store: Store) -> None:
        wide = RateLimit(GcraBucket(50, timedelta(seconds=1)), GcraBucket(100, timedelta(seconds=2)))
        limits = {"narrow": LIMIT, "wide": wide, "other": LIMIT}
        first = store.rate_limits.acquire(limits, NOW)
        second = store.rate_limits.acquire(limits, NOW)
        store.rate_limits.refund({"narrow": LIMIT, "wide": wide}, timedelta())
        third = store.rate_limits.acquire({"narrow": LIMIT, "wide": wide}, NOW)
        assert third == {"narrow": second["narrow"], "wide": second["wide"]}
        store.rate_limits.refund(limits, timedelta())
        store.rate_limits.refund(limits, timedelta())
        assert store.rate_limits.acquire(limits, NOW) == first

    def test_clocks_that_differ_by_less_than_an_interval_permit_no_more_attempts(
        self, store: Store, other_store: Store
    ) -> None:
        for number in range(5):
            assert acquire((store, other_store)[number % 2], now=later(number % 2))
        for handle in (store, other_store):
            assert acquire(handle, now=later(-6)) is None
            assert acquire(handle, now=later(5)) is None

    @pytest.mark.parametrize("seconds", [120, 300, 86_400])
    def test_attempts_of_a_clock_that_was_fast_refuse_others_for_one_interval_at_most(
        self, store: Store, other_store: Store, seconds: int
    ) -> None:
        for _ in range(5):
            assert acquire(store, now=later(seconds))
        with pytest.raises(LimitExceeded) as refusal:
            other_store.rate_limits.acquire({"key": LIMIT}, NOW)
        full = BucketState(NOW + LIMIT.burst.window, min(later(seconds + 900), NOW + LIMIT.sustained.window))
        assert refusal.value.state == full
        wait = LIMIT.wait(full, NOW)
        assert wait in (LIMIT.burst.interval, LIMIT.sustained.interval)
        assert acquire(other_store, now=NOW + wait - timedelta(milliseconds=1)) is None
        assert acquire(store, now=NOW + wait) == LIMIT.fill(full, NOW + wait)

    def test_the_moments_of_a_fast_clock_are_cut_at_all_keys_of_an_attempt(self, store: Store) -> None:
        names = ("a", "b", "c")
        store.rate_limits.acquire(dict.fromkeys(names, LIMIT), later(86_400))
        acquire(store, "new")
        with pytest.raises(LimitExceeded) as refusal:
            store.rate_limits.acquire(dict.fromkeys((*names, "new"), LIMIT), NOW)
        full = BucketState(NOW + LIMIT.burst.window, NOW + LIMIT.sustained.window)
        assert (refusal.value.key, refusal.value.state) == ("a", full)
        # The others wait from then on, too, and "new" has counted nothing.
        for name in names:
            assert acquire(store, name, later(180)) == LIMIT.fill(full, later(180))
        assert acquire(store, "new") == BucketState(later(24), later(360))

    def test_a_refund_of_an_attempt_of_a_fast_clock_whose_moments_were_cut_is_of_one_attempt(
        self, store: Store, other_store: Store
    ) -> None:
        assert acquire(store, now=later(86_400))
        assert acquire(other_store) is None
        refund(store)
        assert [acquire(other_store) is not None for _ in range(2)] == [True, False]

    def test_every_state_matches_the_gcra_arithmetic(self, store: Store) -> None:
        chance, now = random.Random(7), NOW
        states: dict[str, BucketState] = {}
        for _ in range(300):
            now += timedelta(milliseconds=chance.choice([0, 1, 500, 12_000, 90_000]))
            key = chance.choice("ab")
            expected = LIMIT.fill(states.get(key), now)
            actual = acquire(store, key, now)
            assert actual == expected
            if actual and chance.random() < 0.5:
                elapsed = timedelta(milliseconds=chance.choice([0, 1, 500, 12_000, 90_000]))
                refund(store, key, elapsed)
                actual = LIMIT.refund(actual, elapsed)
            if actual:
                states[key] = actual

    @pytest.mark.parametrize("handles", [1, 2])
    def test_32_racing_attempts_are_permitted_up_to_the_capacity(
        self, store: Store, other_store: Store, under_test: StoreUnderTest, handles: int
    ) -> None:
        stores = (store, other_store)[:handles]
        with RacingThreads(32) as threads:
            for number in range(under_test.rounds):
                attempts = [
                    partial(
                        outcome,
                        partial(stores[index % handles].rate_limits.acquire, {f"key {number}": LIMIT}, NOW),
                        LimitExceeded,
                    )
                    for index in range(32)
                ]
                assert Counter(threads.race(attempts)) == {"done": 5, "LimitExceeded": 27}, f"round {number}"

    def test_racing_attempts_get_back_what_they_took_and_no_more(
        self, store: Store, other_store: Store, under_test: StoreUnderTest
    ) -> None:
        def attempt(handle: Store, key: str) -> None:
            if acquire(handle, key):
                refund(handle, key)

        with RacingThreads(16) as threads:
            for number in range(under_test.rounds):
                key = f"key {number}"
                held = [acquire(store, key), acquire(store, key)]
                assert all(held)
                threads.race([partial(attempt, (store, other_store)[index % 2], key) for index in range(16)])
                assert sum(acquire(store, key) is not None for _ in range(10)) == 3, f"round {number}"

    def test_racing_attempts_at_several_keys_in_any_order_do_not_deadlock(
        self, store: Store, other_store: Store, under_test: StoreUnderTest
    ) -> None:
        """Each attempt counts at one of four keys and at one that all share; a refused attempt counts at none."""

        def attempt(handle: Store, keys: tuple[str, ...]) -> None:
            handle.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)

        with RacingThreads(16) as threads:
            for number in range(under_test.rounds):
                names = [f"{number} {letter}" for letter in "abcde"]
                attempts = []
                for index in range(16):
                    keys = (names[index % 4], names[4]) if index < 8 else (names[4], names[index % 4])
                    attempts.append(
                        partial(outcome, partial(attempt, (store, other_store)[index % 2], keys), LimitExceeded)
                    )
                assert Counter(threads.race(attempts)) == {"done": 5, "LimitExceeded": 11}, f"round {number}"
                states = [state for name in names[:4] if (state := acquire(store, name))]
                spent = sum((state.burst_until - NOW) // LIMIT.burst.interval - 1 for state in states)
                assert (len(states), spent) == (4, 5), f"round {number}"
