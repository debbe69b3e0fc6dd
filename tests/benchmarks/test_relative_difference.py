import random

import pytest

from benchmarks.relative_difference import relative_difference


def series(count: int, *, factor: float = 1.0, seed: int = 1) -> list[float]:
    """Return times around 20 ms that drift together, like those of one machine."""
    drift = [20 + 5 * ((number // 50) % 2) for number in range(count)]
    noise = random.Random(seed)
    return [factor * (base + noise.gauss(0, 2)) for base in drift]


def test_equal_series_and_a_difference_of_a_tenth_are_distinguished() -> None:
    equal = relative_difference(series(500), series(500, seed=2))
    assert equal.lies_within(0.05)
    assert equal.low <= equal.value <= equal.high
    slower = relative_difference(series(500, factor=1.1), series(500, seed=2))
    assert not slower.lies_within(0.05)
    assert slower.value == pytest.approx(0.1, abs=0.02)
    assert slower.low > 0.05


def test_few_samples_do_not_prove_equality() -> None:
    assert not relative_difference(series(5), series(5, seed=4)).lies_within(0.01)
    assert not relative_difference([20.0, 20.0], [20.0, 20.0]).lies_within(0.01)


def test_the_interval_contains_the_true_value_in_about_95_of_100_measurements() -> None:
    held = 0
    for seed in range(40):
        found = relative_difference(series(60, factor=1.02, seed=seed), series(60, seed=1000 + seed))
        held += found.low <= 0.02 <= found.high
    assert held >= 34
