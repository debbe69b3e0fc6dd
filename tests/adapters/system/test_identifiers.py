import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from hexaccount_system import Uuid7Identifiers


def milliseconds_of(identifier: UUID) -> int:
    return identifier.int >> 80


def test_an_identifier_is_a_uuid_of_version_7() -> None:
    identifier = Uuid7Identifiers().new()
    assert (identifier.version, identifier.variant) == (7, RFC_4122)


def test_an_identifier_begins_with_the_time_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    identifier = Uuid7Identifiers().new()
    assert before <= milliseconds_of(identifier) <= time.time_ns() // 1_000_000


def test_identifiers_ascend_and_none_is_made_twice_also_among_threads() -> None:
    identifiers = Uuid7Identifiers()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [identifiers.new() for _ in range(2000)], range(8)))
    assert all(own == sorted(own) for own in made)
    assert len({identifier for own in made for identifier in own}) == 16_000


def test_identifiers_ascend_though_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_000_000_000_000, 999_000_000_000, 1_000_000_000_000, 1_001_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    identifiers = Uuid7Identifiers()
    made = [identifiers.new() for _ in range(4)]
    assert made == sorted(made)
    assert milliseconds_of(made[-1]) == 1_001_000


def test_more_identifiers_than_fit_into_a_millisecond_carry_over_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000)
    identifiers = Uuid7Identifiers()
    made = [identifiers.new() for _ in range(5000)]
    assert made == sorted(set(made))
    assert all(identifier.version == 7 for identifier in made)
    assert milliseconds_of(made[-1]) == 1_000_001


def test_what_is_left_to_chance_differs() -> None:
    identifiers = [Uuid7Identifiers().new() for _ in range(1000)]
    low_bits = {identifier.int & (2**62 - 1) for identifier in identifiers}
    assert len(low_bits) == 1000
    assert any(bits >> 61 for bits in low_bits)
