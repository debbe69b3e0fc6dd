import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import bcrypt

from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds
from hexaccount_security.stored_hash import HIGHEST_COST

_LOWEST_COST = 8  # what is below is for tests; no machine is so slow that it would be proposed


def _hash(cost: int) -> None:
    bcrypt.hashpw(b"what is hashed makes no difference", b"$2b$%02d$......................" % cost)


class BcryptSpeedometer:
    """Measures bcrypt as the service runs it: as many hashes at once as there are cores."""

    def __init__(
        self,
        cores: int | None = None,
        *,
        timer: Callable[[], float] = perf_counter,
        hash_once: Callable[[int], None] = _hash,
    ) -> None:
        """Take how many threads hash, one for each core where that is None."""
        self._cores = cores or os.cpu_count() or 1
        self._timer = timer
        self._hash_once = hash_once

    def measure(self, seconds: float = 0.3) -> HashSpeeds:
        """Hash for about `seconds` at each cost, from 8 on.

        The first cost at which one hash takes longer than that is checked with one on each core; what is above is
        reckoned, as each cost takes twice the last.
        """
        speeds: list[HashSpeed] = []
        with ThreadPoolExecutor(self._cores) as threads:
            self._at(threads, _LOWEST_COST, 0.0)  # the threads start, and bcrypt is brought to memory
            for cost in range(_LOWEST_COST, HIGHEST_COST + 1):
                if speeds and speeds[-1].seconds > 2 * seconds:
                    speeds.append(_doubled(speeds[-1]))
                else:
                    speeds.append(self._at(threads, cost, seconds))
        return HashSpeeds(cores=self._cores, speeds=speeds)

    def _at(self, threads: ThreadPoolExecutor, cost: int, seconds: float) -> HashSpeed:
        def work(_: int) -> tuple[int, float]:
            count, began = 0, self._timer()
            while (taken := self._timer() - began) < seconds or count == 0:
                self._hash_once(cost)
                count += 1
            return count, taken

        found = list(threads.map(work, range(self._cores)))
        return HashSpeed(
            cost=cost,
            seconds=sum(taken for _, taken in found) / sum(count for count, _ in found),
            per_second=sum(count / taken for count, taken in found),
        )


def _doubled(speed: HashSpeed) -> HashSpeed:
    return HashSpeed(cost=speed.cost + 1, seconds=2 * speed.seconds, per_second=speed.per_second / 2, measured=False)
