import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from hexaccount.kernel.unit_of_work import StaleVersion

P = ParamSpec("P")
R = TypeVar("R")

_ATTEMPTS = 50
_LONGEST_PAUSE = 0.05


def repeat_when_stale(work: Callable[P, R]) -> Callable[P, R]:
    """Repeat `work` after StaleVersion, up to 50 times; it must begin its unit of work itself.

    In each round one of the competing transactions wins, so repetition ends. Slow work such as hashing belongs outside.
    """

    @wraps(work)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, _ATTEMPTS):
            try:
                return work(*args, **kwargs)
            except StaleVersion:
                # Random, so that transactions that collided do not collide again in step.
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2**attempt)))  # noqa: S311 - jitter
        return work(*args, **kwargs)

    return repeated
