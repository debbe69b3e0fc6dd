import os
import threading

import bcrypt
import pytest

from hexaccount_security.bcrypt_speed import BcryptSpeedometer


class FakeMachine:
    """A simulated machine: every hash of cost 8 takes 16 ms of its thread."""

    def __init__(self, slowed: int = 0) -> None:
        self._slowed = slowed
        self._here = threading.local()
        self._counting = threading.Lock()
        self.hashes: dict[int, int] = {}
        self.threads: set[str] = set()

    def timer(self) -> float:
        return getattr(self._here, "now", 0.0)

    def hash_once(self, cost: int) -> None:
        self._here.now = self.timer() + 0.016 * 2 ** (cost - 8) * (1.5 if cost == self._slowed else 1)
        with self._counting:
            self.hashes[cost] = self.hashes.get(cost, 0) + 1

    def measure(self, cores: int = 4):
        return BcryptSpeedometer(cores, timer=self.timer, hash_once=self.hash_once).measure(seconds=0.3)


def test_latency_and_throughput_are_measured_with_all_cores_busy() -> None:
    measured = FakeMachine().measure(cores=4)
    assert (measured.cores, [speed.cost for speed in measured.speeds]) == (4, list(range(8, 16)))
    for speed in measured.speeds:
        assert speed.seconds == pytest.approx(0.016 * 2 ** (speed.cost - 8))
        assert speed.per_second == pytest.approx(4 / speed.seconds)


def test_costs_above_the_first_slow_one_are_estimated() -> None:
    machine = FakeMachine(slowed=14)
    speeds = {speed.cost: speed for speed in machine.measure(cores=2).speeds}
    # 0.256 s at cost 12 are less than the time for a cost, 0.512 s at 13 less than twice that, 1.024 s at 14 more.
    assert {cost for cost, speed in speeds.items() if speed.measured} == {8, 9, 10, 11, 12, 13, 14}
    assert (machine.hashes[14], 15 in machine.hashes) == (2, False)
    assert speeds[15].seconds == 2 * speeds[14].seconds == pytest.approx(2 * 1.5 * 1.024)
    assert speeds[15].per_second == speeds[14].per_second / 2


def test_a_cost_is_hashed_for_its_time_on_every_core() -> None:
    machine = FakeMachine()
    machine.measure(cores=3)
    assert machine.hashes[8] == 3 * 19 + 3  # and one each to warm up
    assert machine.hashes[10] == 3 * 5


def test_what_is_measured_is_bcrypt_on_every_core(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, hashpw = [], bcrypt.hashpw
    monkeypatch.setattr(bcrypt, "hashpw", lambda *given: hashed.append(given[1][:7]) or hashpw(*given))
    measured = BcryptSpeedometer().measure(seconds=0.004)
    assert measured.cores == os.cpu_count()
    assert {b"$2b$08$", b"$2b$09$"} >= set(hashed) >= {b"$2b$08$"}
    assert measured.speeds[0].seconds > 0.002
