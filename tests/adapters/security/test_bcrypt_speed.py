import os
import threading
from collections.abc import Sequence

import pytest

from hexaccount.passwords.hash_calibration import propose_cost
from hexaccount_security import choose_engine
from hexaccount_security.bcrypt_engines import BcryptInput
from hexaccount_security.bcrypt_speed import BcryptSpeedometer


class FakeMachine:
    """A simulated machine and engine: a hash of cost 8 takes 16 ms of its thread, four at once take 24 ms."""

    name = "fake"

    def __init__(self, slowed: int = 0, lanes: int = 4) -> None:
        self.lanes = lanes
        self._slowed = slowed
        self._here = threading.local()
        self._counting = threading.Lock()
        self.batches: dict[tuple[int, int], int] = {}

    def timer(self) -> float:
        return getattr(self._here, "now", 0.0)

    def digests(self, work: int, inputs: Sequence[BcryptInput]) -> list[bytes]:
        slowness = (1.5 if work == self._slowed else 1) * (1.5 if len(inputs) == 4 else 1)
        self._here.now = self.timer() + 0.016 * 2 ** (work - 8) * slowness
        with self._counting:
            self.batches[work, len(inputs)] = self.batches.get((work, len(inputs)), 0) + 1
        return [b"." * 31] * len(inputs)

    def measure(self, cores: int = 4):
        return BcryptSpeedometer(self, cores, timer=self.timer).measure(seconds=0.3)


def test_a_hash_is_measured_alone_and_throughput_in_full_batches_with_all_cores_busy() -> None:
    measured = FakeMachine().measure(cores=4)
    assert (measured.engine, measured.cores) == ("fake", 4)
    assert [speed.cost for speed in measured.speeds] == list(range(8, 16))
    for speed in measured.speeds:
        assert speed.seconds == pytest.approx(0.016 * 2 ** (speed.cost - 8))
        assert speed.per_second == pytest.approx(4 * 4 / (1.5 * speed.seconds))


def test_an_engine_that_computes_one_hash_at_a_time_is_measured_once() -> None:
    machine = FakeMachine(lanes=1)
    for speed in machine.measure(cores=2).speeds:
        assert speed.per_second == pytest.approx(2 / speed.seconds)
    assert {lanes for _, lanes in machine.batches} == {1}
    assert machine.batches[8, 1] == 2 * 19 + 2  # and one each to warm up


def test_an_engine_that_computes_four_hashes_at_once_affords_a_higher_cost_for_the_same_load() -> None:
    proposals = [propose_cost(FakeMachine(lanes=lanes).measure(), logins_per_second=50) for lanes in (1, 4)]
    assert [proposal.speed.cost for proposal in proposals] == [10, 11]


def test_costs_above_the_first_slow_one_are_estimated() -> None:
    machine = FakeMachine(slowed=14)
    speeds = {speed.cost: speed for speed in machine.measure(cores=2).speeds}
    # A batch takes 0.384 s at cost 12, less than twice the time for a cost, and 0.768 s at 13, which is more.
    assert {cost for cost, speed in speeds.items() if speed.measured} == {8, 9, 10, 11, 12, 13}
    assert (machine.batches[13, 4], (14, 1) in machine.batches) == (2, False)
    assert speeds[14].seconds == 2 * speeds[13].seconds == pytest.approx(1.024)
    assert speeds[14].per_second == speeds[13].per_second / 2


def test_a_cost_is_hashed_for_its_time_on_every_core() -> None:
    machine = FakeMachine()
    machine.measure(cores=3)
    assert machine.batches[8, 1] == 3 * 19 + 3  # and one each to warm up
    assert machine.batches[8, 4] == 3 * 13
    assert machine.batches[10, 1] == 3 * 5


def test_what_is_measured_is_the_engine_of_this_machine_on_every_core() -> None:
    measured = BcryptSpeedometer(choose_engine()).measure(seconds=0.004)
    assert (measured.engine, measured.cores) == ("interleaved", os.cpu_count())
    assert measured.speeds[0].seconds > 0.002
