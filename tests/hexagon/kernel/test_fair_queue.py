from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hexaccount.kernel.fair_queue import FairQueue


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_subjects_take_turns_and_each_keeps_its_order(subjects: list[str]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for number, subject in enumerate(subjects):
        queue.put(subject, (subject, number))
    taken = [queue.take() for _ in subjects]

    assert queue.take() is None
    assert len(queue) == 0
    assert sorted(filter(None, taken)) == sorted(zip(subjects, range(len(subjects)), strict=True))
    for subject in set(subjects):
        numbers = [item[1] for item in taken if item and item[0] == subject]
        assert numbers == sorted(numbers)
        # Between two of its turns, each other subject has had one at most.
        positions = [place for place, item in enumerate(taken) if item and item[0] == subject]
        for before, after in pairwise(positions):
            between = Counter(item[0] for item in taken[before + 1 : after] if item)
            assert all(turns == 1 for turns in between.values())


@given(st.lists(st.sampled_from("abcd"), max_size=60))
def test_a_full_queue_comes_to_hold_as_many_of_each_subject(arrivals: list[str]) -> None:
    queue: FairQueue[str] = FairQueue()
    refused: Counter[str] = Counter()
    for subject in arrivals:
        if len(queue) >= 6:
            displaced = queue.displace(subject)
            if displaced is None:
                refused[subject] += 1
                continue
            refused[displaced] += 1
        queue.put(subject, subject)
    held = Counter(iter(queue.take, None))

    assert held + refused == Counter(arrivals)
    assert sum(held.values()) == min(6, len(arrivals))
    for subject in refused:  # who was refused had as many as others, but for one
        assert held[subject] >= max(held.values()) - 1
