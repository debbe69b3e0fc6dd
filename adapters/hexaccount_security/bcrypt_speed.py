import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import bcrypt

from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds
from hexaccount_security.stored_hash import HIGHEST_COST

_LOWEST_COST = 8  # lower ones are for tests: no machine is so slow that it needs them


def _hash(cost: int) -> None:
    bcrypt.hashpw(b"what is hashed makes no difference", b"$2b$%02d$......................" % cost)


class BcryptSpeedometer:
    """Measures bcrypt as the service runs it: one hash on each core at once."""

    def __init__(
        self,
        cores: int | None = None,
        *,
        timer: Callable[[], float] = perf_counter,
        hash_once: Callable[[int], None] = _hash,
    ) -> None:
        self._cores = cores or os.cpu_count() or 1
        self._timer = timer
        self._hash_once = hash_once

    def measure(self, seconds: float = 0.3) -> HashSpeeds:
        """Hash for about `seconds` at each cost, from 8 on.

        Once a hash takes longer than twice that, higher costs are not measured but estimated: each doubles the time.
        """
        speeds: list[HashSpeed] = []
        with ThreadPoolExecutor(self._cores) as threads:
            self._measure_cost(threads, _LOWEST_COST, 0.0)  # starts the threads, and loads bcrypt
            for cost in range(_LOWEST_COST, HIGHEST_COST + 1):
                if speeds and speeds[-1].seconds > 2 * seconds:
                    speeds.append(_doubled(speeds[-1]))
                else:
                    speeds.append(self._measure_cost(threads, cost, seconds))
        return HashSpeeds(cores=self._cores, speeds=speeds)

    def _measure_cost(self, threads: ThreadPoolExecutor, cost: int, seconds: float) -> HashSpeed:
        def work(_: int) -> tuple[int, float]:
            count, started_at = 0, self._timer()
            while (elapsed := self._timer() - started_at) < seconds or count == 0:
                self._hash_once(cost)
                count += 1
            return count, elapsed

        results = list(threads.map(work, range(self._cores)))
        return HashSpeed(
            cost=cost,
            seconds=sum(elapsed for _, elapsed in results) / sum(count for count, _ in results),
            per_second=sum(count / elapsed for count, elapsed in results),
        )


def _doubled(speed: HashSpeed) -> HashSpeed:
    return HashSpeed(cost=speed.cost + 1, seconds=2 * speed.seconds, per_second=speed.per_second / 2, measured=False)
