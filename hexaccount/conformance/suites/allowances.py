import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from hexaccount.conformance.suites.people import BEGINNING
from hexaccount.conformance.suites.races import Racers, outcome
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.rate_limits.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.store_kit.store import Store

NOW = BEGINNING
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def acquire(store: Store, key: str = "key", now: datetime = NOW, limit: RateLimit = LIMIT) -> BucketState | None:
    """Return the filling after an attempt, None if it was refused."""
    try:
        return store.rate_limits.acquire({key: limit}, now)[key]
    except LimitExceeded:
        return None


def refund(store: Store, bucket_state: BucketState, key: str = "key") -> None:
    store.rate_limits.refund({key: LIMIT}, {key: bucket_state})


class RateLimitStoreContract(ContractSuite):
    """A meter admits what it has room for, whoever asks at the same time."""

    def test_a_burst_is_admitted_and_then_one_each_interval(self, store: Store) -> None:
        assert [acquire(store) is not None for _ in range(7)] == [True] * 5 + [False] * 2
        assert acquire(store, now=later(11.999)) is None
        assert acquire(store, now=later(12))
        assert acquire(store, now=later(12)) is None

    def test_the_lasting_meter_refuses_when_the_brief_one_has_drained(self, store: Store) -> None:
        for number in range(8):
            assert acquire(store, now=later(12 * number))
        assert acquire(store, now=later(100)) is None
        assert acquire(store, now=later(180))

    def test_keys_are_counted_apart(self, store: Store) -> None:
        for _ in range(6):
            acquire(store, "one")
        assert acquire(store, "other")

    def test_an_attempt_tells_the_filling_with_it_and_a_refusal_the_one_there_is(self, store: Store) -> None:
        bucket_states = [acquire(store) for _ in range(5)]
        assert bucket_states[0] == BucketState(later(12), later(180))
        assert bucket_states[4] == BucketState(later(60), later(900))
        with pytest.raises(LimitExceeded) as refusal:
            store.rate_limits.acquire({"key": LIMIT}, NOW)
        assert (refusal.value.key, refusal.value.bucket_state) == ("key", bucket_states[4])

    def test_a_refused_attempt_changes_nothing(self, store: Store) -> None:
        for _ in range(50):
            acquire(store)
        assert acquire(store, now=later(12))

    def test_an_attempt_that_is_given_back_was_none(self, store: Store, another: Store) -> None:
        for number in range(30):
            bucket_state = acquire((store, another)[number % 2], now=later(number))
            assert bucket_state
            refund((another, store)[number % 2], bucket_state)
        assert [acquire(store, now=later(30)) is not None for _ in range(6)] == [True] * 5 + [False]

    def test_only_the_last_attempt_can_be_given_back_and_only_once(self, store: Store) -> None:
        first, second = acquire(store), acquire(store)
        assert first
        assert second
        refund(store, first)
        assert acquire(store) == BucketState(later(36), later(540))
        refund(store, second)
        third = BucketState(later(36), later(540))
        for _ in range(2):
            refund(store, third)
        assert acquire(store) == third

    def test_attempts_are_given_back_in_turn_from_the_last_to_the_first(self, store: Store) -> None:
        bucket_states = [acquire(store) for _ in range(5)]
        for bucket_state in reversed(bucket_states):
            assert bucket_state
            refund(store, bucket_state)
        assert [acquire(store) for _ in range(5)] == bucket_states

    def test_to_give_back_what_nobody_has_taken_changes_nothing(self, store: Store) -> None:
        refund(store, BucketState(later(12), later(180)))
        assert acquire(store) == BucketState(later(12), later(180))

    def test_an_attempt_takes_from_all_keys_or_from_none(self, store: Store) -> None:
        for number in range(5):
            assert acquire(store, "full") == BucketState(later(12 * number + 12), later(180 * number + 180))
        for keys in (("empty", "full", "other"), ("full", "empty"), ("empty", "full")):
            with pytest.raises(LimitExceeded) as refusal:
                store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)
            assert (refusal.value.key, refusal.value.bucket_state) == ("full", BucketState(later(60), later(900)))
        assert acquire(store, "empty") == acquire(store, "other") == BucketState(later(12), later(180))

    def test_of_several_full_keys_the_first_is_named(self, store: Store) -> None:
        for _ in range(5):
            store.rate_limits.acquire({"a": LIMIT, "b": LIMIT}, NOW)
        for keys in ("bca", "cab", "ab", "ba"):
            with pytest.raises(LimitExceeded) as refusal:
                store.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)
            assert refusal.value.key == keys.strip("c")[0]

    def test_each_key_has_the_limit_it_comes_with(self, store: Store) -> None:
        wide = RateLimit(GcraBucket(50, timedelta(seconds=1)), GcraBucket(100, timedelta(seconds=2)))
        for number in range(1, 6):
            taken = store.rate_limits.acquire({"wide": wide, "narrow": LIMIT}, later(0.25))
            assert taken == {
                "wide": BucketState(later(0.25 + number), later(0.25 + 2 * number)),
                "narrow": BucketState(later(0.25 + 12 * number), later(0.25 + 180 * number)),
            }
        with pytest.raises(LimitExceeded, match="no room") as refusal:
            store.rate_limits.acquire({"wide": wide, "narrow": LIMIT}, NOW)
        assert refusal.value.key == "narrow"
        assert store.rate_limits.acquire({"wide": wide}, NOW)["wide"] == BucketState(later(6.25), later(12.25))

    def test_an_attempt_is_given_back_at_each_key_that_nobody_has_moved(self, store: Store) -> None:
        taken = store.rate_limits.acquire({"a": LIMIT, "b": LIMIT, "c": LIMIT}, NOW)
        acquire(store, "b")
        store.rate_limits.refund({"a": LIMIT, "b": LIMIT, "c": LIMIT}, taken)
        assert acquire(store, "a") == acquire(store, "c") == BucketState(later(12), later(180))
        assert acquire(store, "b") == BucketState(later(36), later(540))

    def test_clocks_that_disagree_admit_no_more(self, store: Store, another: Store) -> None:
        for number in range(5):
            assert acquire((store, another)[number % 2], now=later(number % 2))
        for handle in (store, another):
            assert acquire(handle, now=later(-60)) is None
            assert acquire(handle, now=later(5)) is None

    def test_every_answer_is_that_of_the_arithmetic(self, store: Store) -> None:
        chance, now = random.Random(7), NOW
        bucket_states: dict[str, BucketState] = {}
        for _ in range(300):
            now += timedelta(milliseconds=chance.choice([0, 1, 500, 12_000, 90_000]))
            key = chance.choice("ab")
            expected = LIMIT.fill(bucket_states.get(key), now)
            given = acquire(store, key, now)
            assert given == expected
            if given and chance.random() < 0.5:
                refund(store, given, key)
                given = LIMIT.undo(given)
            if given:
                bucket_states[key] = given

    @pytest.mark.parametrize("handles", [1, 2])
    def test_of_32_racing_attempts_as_many_are_admitted_as_there_is_room(
        self, store: Store, another: Store, under_test: StoreUnderTest, handles: int
    ) -> None:
        stores = (store, another)[:handles]
        with Racers(32) as racers:
            for number in range(under_test.rounds):
                works = [
                    partial(
                        outcome,
                        partial(stores[racer % handles].rate_limits.acquire, {f"key {number}": LIMIT}, NOW),
                        LimitExceeded,
                    )
                    for racer in range(32)
                ]
                assert Counter(racers.race(works)) == {"done": 5, "LimitExceeded": 27}, f"round {number}"

    def test_racing_attempts_that_are_given_back_leave_no_more_room_than_there_was(
        self, store: Store, another: Store, under_test: StoreUnderTest
    ) -> None:
        def attempt(handle: Store, key: str) -> None:
            bucket_state = acquire(handle, key)
            if bucket_state:
                refund(handle, bucket_state, key)

        with Racers(16) as racers:
            for number in range(under_test.rounds):
                key = f"key {number}"
                kept = [acquire(store, key), acquire(store, key)]
                assert all(kept)
                racers.race([partial(attempt, (store, another)[racer % 2], key) for racer in range(16)])
                assert sum(acquire(store, key) is not None for _ in range(10)) <= 3, f"round {number}"

    def test_attempts_that_race_for_several_keys_in_any_order_are_all_answered(
        self, store: Store, another: Store, under_test: StoreUnderTest
    ) -> None:
        """Each has a narrow key of its own or two, and one that all share; who is refused has taken nothing."""

        def attempt(handle: Store, keys: tuple[str, ...]) -> None:
            handle.rate_limits.acquire(dict.fromkeys(keys, LIMIT), NOW)

        with Racers(16) as racers:
            for number in range(under_test.rounds):
                names = [f"{number} {letter}" for letter in "abcde"]
                works = []
                for racer in range(16):
                    keys = (names[racer % 4], names[4]) if racer < 8 else (names[4], names[racer % 4])
                    works.append(partial(outcome, partial(attempt, (store, another)[racer % 2], keys), LimitExceeded))
                assert Counter(racers.race(works)) == {"done": 5, "LimitExceeded": 11}, f"round {number}"
                narrow = [bucket_state for name in names[:4] if (bucket_state := acquire(store, name))]
                spent = sum((bucket_state.burst_until - NOW) // LIMIT.burst.interval - 1 for bucket_state in narrow)
                assert (len(narrow), spent) == (4, 5), f"round {number}"
