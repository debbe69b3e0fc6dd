import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from hexaccount_granian import ThreadPoolSize
from hexaccount_granian.thread_pool import Job, ThreadPool

TIMEOUT = 20


def pool_of(*, threads: int, backlog: int) -> ThreadPool:
    return ThreadPool("test", ThreadPoolSize(threads, backlog))


class Jobs:
    """Submits jobs to a pool, and lists which were run and which were refused."""

    def __init__(self, pool: ThreadPool) -> None:
        self.pool = pool
        self.run: list[str] = []
        self.refused: list[str] = []

    def submit(self, work: Callable[[], object] = lambda: None, *, of: str = "a", name: str = "") -> bool:
        """Return whether the job was accepted, at first."""
        before = len(self.refused)
        name = name or of

        def run() -> None:
            work()
            self.run.append(name)

        self.pool.submit(Job(of, run, lambda: self.refused.append(name)))
        return self.refused[before:] != [name]


def test_a_pool_accepts_as_many_jobs_as_it_has_threads_and_backlog_and_refuses_the_next() -> None:
    pool, release = pool_of(threads=2, backlog=3), threading.Event()
    accepted = [Jobs(pool).submit(lambda: release.wait(TIMEOUT)) for _ in range(7)]
    assert accepted == [True] * 5 + [False] * 2
    release.set()
    pool.close()


def test_a_full_pool_accepts_jobs_again_when_others_are_done() -> None:
    pool, done = pool_of(threads=1, backlog=0), threading.Semaphore(0)
    for _ in range(50):
        while not Jobs(pool).submit(done.release):
            pass
        assert done.acquire(timeout=TIMEOUT)
    pool.close()


def test_a_pool_without_backlog_uses_all_its_threads() -> None:
    pool, together = pool_of(threads=3, backlog=0), threading.Barrier(4)
    assert all(Jobs(pool).submit(lambda: together.wait(TIMEOUT)) for _ in range(3))
    together.wait(TIMEOUT)
    pool.close()


def test_a_pool_has_no_thread_before_its_first_job() -> None:
    before = threading.active_count()
    pool = pool_of(threads=8, backlog=1)
    assert threading.active_count() == before
    Jobs(pool).submit(lambda: None)
    assert threading.active_count() == before + 1
    pool.close()


def test_a_pool_keeps_its_thread_whatever_a_job_raises(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = pool_of(threads=1, backlog=1), threading.Event()

    def exit_() -> None:
        raise SystemExit(3)

    Jobs(pool).submit(exit_)
    Jobs(pool).submit(done.set)
    assert done.wait(TIMEOUT)
    pool.close()
    assert "a job of the thread pool test failed" in caplog.text


def test_closing_a_pool_waits_for_all_its_jobs() -> None:
    pool, finished = pool_of(threads=2, backlog=100), []
    for number in range(50):
        Jobs(pool).submit(lambda number=number: finished.append(number))
    pool.close()
    assert sorted(finished) == list(range(50))


@pytest.mark.parametrize(("threads", "backlog"), [(0, 1), (1, -1)])
def test_a_pool_has_a_thread_and_no_negative_backlog(threads: int, backlog: int) -> None:
    with pytest.raises(ValueError, match="thread pool"):
        ThreadPoolSize(threads, backlog)


def test_processes_that_do_not_serve_do_not_import_granian() -> None:
    code = "import sys; from hexaccount_granian import Draining, Worker; print('granian' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=TIMEOUT)
    assert ran.stdout.strip() == "False"


def test_a_pool_counts_the_jobs_that_wait_for_a_thread() -> None:
    pool, release, begun = pool_of(threads=2, backlog=9), threading.Event(), threading.Semaphore(0)

    def job() -> None:
        begun.release()
        release.wait(TIMEOUT)

    for _ in range(5):
        Jobs(pool).submit(job)
    for _ in range(2):
        assert begun.acquire(timeout=TIMEOUT)
    assert pool.waiting == 3
    release.set()
    pool.close()
    assert pool.waiting == 0


def test_subjects_take_turns_however_many_jobs_one_of_them_has() -> None:
    pool, begun, release = pool_of(threads=1, backlog=99), threading.Event(), threading.Event()
    jobs = Jobs(pool)
    jobs.submit(lambda: begun.set() or release.wait(TIMEOUT), name="first")
    assert begun.wait(TIMEOUT)
    for number in range(20):
        jobs.submit(of="many", name=f"many {number}")
    jobs.submit(of="one")
    release.set()
    pool.close()
    assert jobs.run[:4] == ["first", "many 0", "one", "many 1"]
    assert len(jobs.run) == 22


def test_a_subject_with_few_jobs_displaces_the_newest_of_the_one_with_most() -> None:
    pool, begun, release = pool_of(threads=1, backlog=3), threading.Event(), threading.Event()
    jobs = Jobs(pool)
    jobs.submit(lambda: begun.set() or release.wait(TIMEOUT), name="first")
    assert begun.wait(TIMEOUT)
    for number in range(4):
        jobs.submit(of="many", name=f"many {number}")
    assert jobs.refused == ["many 3"]
    assert jobs.submit(of="one")
    assert jobs.refused == ["many 3", "many 2"]
    release.set()
    pool.close()
    assert jobs.run == ["first", "many 0", "one", "many 1"]
