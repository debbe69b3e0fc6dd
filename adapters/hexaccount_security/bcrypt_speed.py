import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds
from hexaccount_security.bcrypt_engines import BcryptEngine, BcryptInput
from hexaccount_security.stored_hash import HIGHEST_COST

_LOWEST_COST = 8  # lower ones are for tests: no machine is so slow that it needs them


class BcryptSpeedometer:
    """Measures bcrypt as the service runs it: on each core, one hash, and as many at once as a full queue gives it."""

    def __init__(
        self, engine: BcryptEngine, cores: int | None = None, *, timer: Callable[[], float] = perf_counter
    ) -> None:
        self._engine = engine
        self._cores = cores or os.cpu_count() or 1
        self._timer = timer

    def measure(self, seconds: float = 0.2) -> HashSpeeds:
        """Hash for about `seconds` at each cost, from 8 on, one at a time, and for as long in full batches.

        Once a batch takes longer than twice that, higher costs are not measured but estimated: each doubles the time.
        """
        speeds: list[HashSpeed] = []
        with ThreadPoolExecutor(self._cores) as threads:
            self._batch_seconds(threads, _LOWEST_COST, 1, 0.0)  # starts the threads
            for cost in range(_LOWEST_COST, HIGHEST_COST + 1):
                if speeds and self._cores * self._engine.lanes / speeds[-1].per_second > 2 * seconds:
                    speeds.append(_doubled(speeds[-1]))
                else:
                    speeds.append(self._speed(threads, cost, seconds))
        return HashSpeeds(engine=self._engine.name, cores=self._cores, speeds=speeds)

    def _speed(self, threads: ThreadPoolExecutor, cost: int, seconds: float) -> HashSpeed:
        lanes = self._engine.lanes
        alone = batch = self._batch_seconds(threads, cost, 1, seconds)
        if lanes > 1:
            batch = self._batch_seconds(threads, cost, lanes, seconds)
        return HashSpeed(cost=cost, seconds=alone, per_second=self._cores * lanes / batch)

    def _batch_seconds(self, threads: ThreadPoolExecutor, cost: int, lanes: int, seconds: float) -> float:
        """Return the mean time of a batch while each core computes one after the other."""
        batch = [BcryptInput(cost, b"." * 22, b"what is hashed makes no difference")] * lanes

        def work(_: int) -> tuple[int, float]:
            count, started_at = 0, self._timer()
            while (elapsed := self._timer() - started_at) < seconds or count == 0:
                self._engine.digests(cost, batch)
                count += 1
            return count, elapsed

        results = list(threads.map(work, range(self._cores)))
        return sum(elapsed for _, elapsed in results) / sum(count for count, _ in results)


def _doubled(speed: HashSpeed) -> HashSpeed:
    return HashSpeed(cost=speed.cost + 1, seconds=2 * speed.seconds, per_second=speed.per_second / 2, measured=False)
