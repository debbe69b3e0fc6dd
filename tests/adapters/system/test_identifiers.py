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


def test_an_identifier_begins_with_its_creation_time() -> None:
    before = time.time_ns() // 1_000_000
    identifier = Uuid7Identifiers().new()
    assert before <= milliseconds_of(identifier) <= time.time_ns() // 1_000_000


def test_identifiers_ascend_and_are_unique_across_threads() -> None:
    identifiers = Uuid7Identifiers()
    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(lambda _: [identifiers.new() for _ in range(2000)], range(8)))
    assert all(own == sorted(own) for own in created)
    assert len({identifier for own in created for identifier in own}) == 16_000


def test_identifiers_ascend_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_000_000_000_000, 999_000_000_000, 1_000_000_000_000, 1_001_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    identifiers = Uuid7Identifiers()
    created = [identifiers.new() for _ in range(4)]
    assert created == sorted(created)
    assert milliseconds_of(created[-1]) == 1_001_000


def test_a_full_counter_carries_over_to_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000)
    identifiers = Uuid7Identifiers()
    created = [identifiers.new() for _ in range(5000)]
    assert created == sorted(set(created))
    assert all(identifier.version == 7 for identifier in created)
    assert milliseconds_of(created[-1]) == 1_000_001


def test_the_random_bits_differ() -> None:
    identifiers = [Uuid7Identifiers().new() for _ in range(1000)]
    low_bits = {identifier.int & (2**62 - 1) for identifier in identifiers}
    assert len(low_bits) == 1000
    assert any(bits >> 61 for bits in low_bits)
