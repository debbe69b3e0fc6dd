import logging
from datetime import timedelta
from threading import Event

import pytest

from hexaccount.observability.periodic_task import PeriodicTask


def test_a_periodic_task_runs_immediately_and_again_after_errors(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    repeated = Event()

    def run() -> None:
        runs.append(1)
        if len(runs) == 3:
            repeated.set()
        raise ZeroDivisionError

    task = PeriodicTask(run, interval=timedelta(milliseconds=1))
    with caplog.at_level(logging.ERROR, "hexaccount.observability"):
        task.start()
        assert repeated.wait(20)
        task.stop()
    assert len(runs) == len(caplog.records) >= 3
    PeriodicTask(run, interval=timedelta(hours=1)).stop()
