import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from hexaccount.application.limits import Filling, Limit, Meter
from hexaccount.application.ports.allowances import Exhausted
from hexaccount.application.ports.store import Store
from tests.contracts.suites.people import BEGINNING
from tests.contracts.suites.races import Racers, outcome
from tests.contracts.suites.subject import ContractSuite, StoreUnderTest

NOW = BEGINNING
LIMIT = Limit(Meter(5, timedelta(seconds=12)), Meter(8, timedelta(minutes=3)))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def take(store: Store, key: str = "key", now: datetime = NOW, limit: Limit = LIMIT) -> Filling | None:
    """Return the filling after an attempt, None if it was refused."""
    try:
        return store.allowances.take(key, limit, now)
    except Exhausted:
        return None


class AllowancesContract(ContractSuite):
    """A meter admits what it has room for, whoever asks at the same time."""

    def test_a_burst_is_admitted_and_then_one_each_interval(self, store: Store) -> None:
        assert [take(store) is not None for _ in range(7)] == [True] * 5 + [False] * 2
        assert take(store, now=later(11.999)) is None
        assert take(store, now=later(12))
        assert take(store, now=later(12)) is None

    def test_the_lasting_meter_refuses_when_the_brief_one_has_drained(self, store: Store) -> None:
        for number in range(8):
            assert take(store, now=later(12 * number))
        assert take(store, now=later(100)) is None
        assert take(store, now=later(180))

    def test_keys_are_counted_apart(self, store: Store) -> None:
        for _ in range(6):
            take(store, "one")
        assert take(store, "other")

    def test_an_attempt_tells_the_filling_with_it_and_a_refusal_the_one_there_is(self, store: Store) -> None:
        fillings = [take(store) for _ in range(5)]
        assert fillings[0] == Filling(later(12), later(180))
        assert fillings[4] == Filling(later(60), later(900))
        with pytest.raises(Exhausted) as refusal:
            store.allowances.take("key", LIMIT, NOW)
        assert refusal.value.filling == fillings[4]

    def test_a_refused_attempt_changes_nothing(self, store: Store) -> None:
        for _ in range(50):
            take(store)
        assert take(store, now=later(12))

    def test_an_attempt_that_is_given_back_was_none(self, store: Store, another: Store) -> None:
        for number in range(30):
            filling = take((store, another)[number % 2], now=later(number))
            assert filling
            (another, store)[number % 2].allowances.give_back("key", LIMIT, filling)
        assert [take(store, now=later(30)) is not None for _ in range(6)] == [True] * 5 + [False]

    def test_only_the_last_attempt_can_be_given_back_and_only_once(self, store: Store) -> None:
        first, second = take(store), take(store)
        assert first
        assert second
        store.allowances.give_back("key", LIMIT, first)
        assert take(store) == Filling(later(36), later(540))
        store.allowances.give_back("key", LIMIT, second)
        third = Filling(later(36), later(540))
        for _ in range(2):
            store.allowances.give_back("key", LIMIT, third)
        assert take(store) == third

    def test_attempts_are_given_back_in_turn_from_the_last_to_the_first(self, store: Store) -> None:
        fillings = [take(store) for _ in range(5)]
        for filling in reversed(fillings):
            assert filling
            store.allowances.give_back("key", LIMIT, filling)
        assert [take(store) for _ in range(5)] == fillings

    def test_to_give_back_what_nobody_has_taken_changes_nothing(self, store: Store) -> None:
        store.allowances.give_back("key", LIMIT, Filling(later(12), later(180)))
        assert take(store) == Filling(later(12), later(180))

    def test_clocks_that_disagree_admit_no_more(self, store: Store, another: Store) -> None:
        for number in range(5):
            assert take((store, another)[number % 2], now=later(number % 2))
        for handle in (store, another):
            assert take(handle, now=later(-60)) is None
            assert take(handle, now=later(5)) is None

    def test_every_answer_is_that_of_the_arithmetic(self, store: Store) -> None:
        chance, now = random.Random(7), NOW
        fillings: dict[str, Filling] = {}
        for _ in range(300):
            now += timedelta(milliseconds=chance.choice([0, 1, 500, 12_000, 90_000]))
            key = chance.choice("ab")
            expected = LIMIT.fill(fillings.get(key), now)
            given = take(store, key, now)
            assert given == expected
            if given and chance.random() < 0.5:
                store.allowances.give_back(key, LIMIT, given)
                given = LIMIT.undo(given)
            if given:
                fillings[key] = given

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
                        partial(stores[racer % handles].allowances.take, f"key {number}", LIMIT, NOW),
                        Exhausted,
                    )
                    for racer in range(32)
                ]
                assert Counter(racers.race(works)) == {"done": 5, "Exhausted": 27}, f"round {number}"

    def test_racing_attempts_that_are_given_back_leave_no_more_room_than_there_was(
        self, store: Store, another: Store, under_test: StoreUnderTest
    ) -> None:
        def attempt(handle: Store, key: str) -> None:
            filling = take(handle, key)
            if filling:
                handle.allowances.give_back(key, LIMIT, filling)

        with Racers(16) as racers:
            for number in range(under_test.rounds):
                key = f"key {number}"
                kept = [take(store, key), take(store, key)]
                assert all(kept)
                racers.race([partial(attempt, (store, another)[racer % 2], key) for racer in range(16)])
                assert sum(take(store, key) is not None for _ in range(10)) <= 3, f"round {number}"
