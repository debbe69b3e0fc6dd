import subprocess
import sys
import threading

import pytest

from hexaccount_granian import Lane, LaneSize

PATIENCE = 20


def test_a_lane_takes_as_many_jobs_as_it_has_threads_and_places_and_refuses_the_next() -> None:
    lane, release = Lane("test", threads=2, backlog=3), threading.Event()
    taken = [lane.submit(lambda: release.wait(PATIENCE)) for _ in range(7)]
    assert taken == [True] * 5 + [False] * 2
    release.set()
    lane.close()


def test_a_lane_has_room_again_when_jobs_are_done() -> None:
    lane, done = Lane("test", threads=1, backlog=0), threading.Semaphore(0)
    for _ in range(50):
        while not lane.submit(done.release):
            pass
        assert done.acquire(timeout=PATIENCE)
    lane.close()


def test_a_lane_without_places_still_uses_all_its_threads() -> None:
    lane, together = Lane("test", threads=3, backlog=0), threading.Barrier(4)
    assert all(lane.submit(lambda: together.wait(PATIENCE)) for _ in range(3))
    together.wait(PATIENCE)
    lane.close()


def test_a_lane_has_no_thread_before_its_first_job() -> None:
    before = threading.active_count()
    lane = Lane("test", threads=8, backlog=1)
    assert threading.active_count() == before
    lane.submit(lambda: None)
    assert threading.active_count() == before + 1
    lane.close()


def test_a_lane_keeps_its_thread_whatever_a_job_does(caplog: pytest.LogCaptureFixture) -> None:
    lane, done = Lane("test", threads=1, backlog=1), threading.Event()

    def leave() -> None:
        raise SystemExit(3)

    lane.submit(leave)
    lane.submit(done.set)
    assert done.wait(PATIENCE)
    lane.close()
    assert "a job of lane test failed" in caplog.text


def test_closing_a_lane_waits_for_all_that_it_holds() -> None:
    lane, finished = Lane("test", threads=2, backlog=100), []
    for number in range(50):
        lane.submit(lambda number=number: finished.append(number))
    lane.close()
    assert sorted(finished) == list(range(50))


@pytest.mark.parametrize(("threads", "backlog"), [(0, 1), (1, -1)])
def test_a_lane_has_a_thread_and_no_negative_backlog(threads: int, backlog: int) -> None:
    with pytest.raises(ValueError, match="lane"):
        LaneSize(threads, backlog)


def test_processes_that_do_not_serve_do_not_pay_for_granian() -> None:
    code = "import sys; from hexaccount_granian import Draining, Worker; print('granian' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert ran.stdout.strip() == "False"


def test_a_lane_tells_how_many_jobs_wait_for_a_thread() -> None:
    lane, release, begun = Lane("test", threads=2, backlog=9), threading.Event(), threading.Semaphore(0)

    def job() -> None:
        begun.release()
        release.wait(PATIENCE)

    for _ in range(5):
        lane.submit(job)
    for _ in range(2):
        assert begun.acquire(timeout=PATIENCE)
    assert lane.waiting == 3
    release.set()
    lane.close()
    assert lane.waiting == 0
