import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from hexaccount.application.limits import Filling, Limit, Meter
from hexaccount.application.ports.allowances import Exhausted
from hexaccount.application.ports.store import Store
from hexaccount.conformance.suites.people import BEGINNING
from hexaccount.conformance.suites.races import Racers, outcome
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest

NOW = BEGINNING
LIMIT = Limit(Meter(5, timedelta(seconds=12)), Meter(8, timedelta(minutes=3)))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def take(store: Store, key: str = "key", now: datetime = NOW, limit: Limit = LIMIT) -> Filling | None:
    """Return the filling after an attempt, None if it was refused."""
    try:
        return store.allowances.take({key: limit}, now)[key]
    except Exhausted:
        return None


def give_back(store: Store, filling: Filling, key: str = "key") -> None:
    store.allowances.give_back({key: LIMIT}, {key: filling})


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
            store.allowances.take({"key": LIMIT}, NOW)
        assert (refusal.value.key, refusal.value.filling) == ("key", fillings[4])

    def test_a_refused_attempt_changes_nothing(self, store: Store) -> None:
        for _ in range(50):
            take(store)
        assert take(store, now=later(12))

    def test_an_attempt_that_is_given_back_was_none(self, store: Store, another: Store) -> None:
        for number in range(30):
            filling = take((store, another)[number % 2], now=later(number))
            assert filling
            give_back((another, store)[number % 2], filling)
        assert [take(store, now=later(30)) is not None for _ in range(6)] == [True] * 5 + [False]

    def test_only_the_last_attempt_can_be_given_back_and_only_once(self, store: Store) -> None:
        first, second = take(store), take(store)
        assert first
        assert second
        give_back(store, first)
        assert take(store) == Filling(later(36), later(540))
        give_back(store, second)
        third = Filling(later(36), later(540))
        for _ in range(2):
            give_back(store, third)
        assert take(store) == third

    def test_attempts_are_given_back_in_turn_from_the_last_to_the_first(self, store: Store) -> None:
        fillings = [take(store) for _ in range(5)]
        for filling in reversed(fillings):
            assert filling
            give_back(store, filling)
        assert [take(store) for _ in range(5)] == fillings

    def test_to_give_back_what_nobody_has_taken_changes_nothing(self, store: Store) -> None:
        give_back(store, Filling(later(12), later(180)))
        assert take(store) == Filling(later(12), later(180))

    def test_an_attempt_takes_from_all_keys_or_from_none(self, store: Store) -> None:
        for number in range(5):
            assert take(store, "full") == Filling(later(12 * number + 12), later(180 * number + 180))
        for keys in (("empty", "full", "other"), ("full", "empty"), ("empty", "full")):
            with pytest.raises(Exhausted) as refusal:
                store.allowances.take(dict.fromkeys(keys, LIMIT), NOW)
            assert (refusal.value.key, refusal.value.filling) == ("full", Filling(later(60), later(900)))
        assert take(store, "empty") == take(store, "other") == Filling(later(12), later(180))

    def test_of_several_full_keys_the_first_is_named(self, store: Store) -> None:
        for _ in range(5):
            store.allowances.take({"a": LIMIT, "b": LIMIT}, NOW)
        for keys in ("bca", "cab", "ab", "ba"):
            with pytest.raises(Exhausted) as refusal:
                store.allowances.take(dict.fromkeys(keys, LIMIT), NOW)
            assert refusal.value.key == keys.strip("c")[0]

    def test_each_key_has_the_limit_it_comes_with(self, store: Store) -> None:
        wide = Limit(Meter(50, timedelta(seconds=1)), Meter(100, timedelta(seconds=2)))
        for number in range(1, 6):
            taken = store.allowances.take({"wide": wide, "narrow": LIMIT}, later(0.25))
            assert taken == {
                "wide": Filling(later(0.25 + number), later(0.25 + 2 * number)),
                "narrow": Filling(later(0.25 + 12 * number), later(0.25 + 180 * number)),
            }
        with pytest.raises(Exhausted, match="no room") as refusal:
            store.allowances.take({"wide": wide, "narrow": LIMIT}, NOW)
        assert refusal.value.key == "narrow"
        assert store.allowances.take({"wide": wide}, NOW)["wide"] == Filling(later(6.25), later(12.25))

    def test_an_attempt_is_given_back_at_each_key_that_nobody_has_moved(self, store: Store) -> None:
        taken = store.allowances.take({"a": LIMIT, "b": LIMIT, "c": LIMIT}, NOW)
        take(store, "b")
        store.allowances.give_back({"a": LIMIT, "b": LIMIT, "c": LIMIT}, taken)
        assert take(store, "a") == take(store, "c") == Filling(later(12), later(180))
        assert take(store, "b") == Filling(later(36), later(540))

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
                give_back(store, given, key)
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
                        partial(stores[racer % handles].allowances.take, {f"key {number}": LIMIT}, NOW),
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
                give_back(handle, filling, key)

        with Racers(16) as racers:
            for number in range(under_test.rounds):
                key = f"key {number}"
                kept = [take(store, key), take(store, key)]
                assert all(kept)
                racers.race([partial(attempt, (store, another)[racer % 2], key) for racer in range(16)])
                assert sum(take(store, key) is not None for _ in range(10)) <= 3, f"round {number}"

    def test_attempts_that_race_for_several_keys_in_any_order_are_all_answered(
        self, store: Store, another: Store, under_test: StoreUnderTest
    ) -> None:
        """Each has a narrow key of its own or two, and one that all share; who is refused has taken nothing."""

        def attempt(handle: Store, keys: tuple[str, ...]) -> None:
            handle.allowances.take(dict.fromkeys(keys, LIMIT), NOW)

        with Racers(16) as racers:
            for number in range(under_test.rounds):
                names = [f"{number} {letter}" for letter in "abcde"]
                works = []
                for racer in range(16):
                    keys = (names[racer % 4], names[4]) if racer < 8 else (names[4], names[racer % 4])
                    works.append(partial(outcome, partial(attempt, (store, another)[racer % 2], keys), Exhausted))
                assert Counter(racers.race(works)) == {"done": 5, "Exhausted": 11}, f"round {number}"
                narrow = [filling for name in names[:4] if (filling := take(store, name))]
                spent = sum((filling.brief_until - NOW) // LIMIT.brief.interval - 1 for filling in narrow)
                assert (len(narrow), spent) == (4, 5), f"round {number}"
