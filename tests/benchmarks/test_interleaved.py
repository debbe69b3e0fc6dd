import random
from pathlib import Path

import pytest

from benchmarks.interleaved import Side, report


def sides(ratio: float) -> tuple[Side, Side]:
    noise = random.Random(0)
    a, b = (Side(Path("python"), "memory://") for _ in "ab")
    a.metrics["me"] = [100 * noise.uniform(0.97, 1.03) for _ in range(12)]
    b.metrics["me"] = [ratio * 100 * noise.uniform(0.97, 1.03) for _ in range(12)]
    return a, b


@pytest.mark.parametrize(
    ("ratio", "verdict", "exit_code"),
    [
        (1.0, "no difference", 0),
        (1.03, "higher, not for sure by 3%", 0),
        (1.1, "worse by more than 3%", 1),
        (0.9, "lower", 0),
    ],
)
def test_only_a_certain_degradation_fails(
    ratio: float, verdict: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(*sides(ratio)) == exit_code
    assert verdict in capsys.readouterr().out
