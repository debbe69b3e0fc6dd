import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from hexaccount.kernel.fair_queue import FairQueue

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ThreadPoolSize:
    """How many requests of one class run at once, and how many more may wait for a thread."""

    threads: int
    backlog: int

    def __post_init__(self) -> None:
        if self.threads < 1 or self.backlog < 0:
            raise ValueError(f"use at least one thread and no negative backlog for a thread pool, not {self}")


@dataclass(frozen=True, slots=True)
class Job:
    """What a thread runs when it is the turn of its subject, or `refuse` if there is no place for it."""

    subject: str
    run: Callable[[], object]
    refuse: Callable[[], object]


class ThreadPool:
    """A fixed number of threads for one class of requests, behind a bounded queue that is shared fairly.

    The subjects of the jobs take turns; in a full queue one that has fewer than another displaces the newest job of the
    other. A thread starts when a job finds none that is idle: a pool costs nothing before its first job and may be
    created before a fork. It has its own queue and counter because concurrent.futures costs more than many a fast
    request.
    """

    def __init__(self, name: str, size: ThreadPoolSize) -> None:
        self._name = name
        self._size = size
        self._jobs: FairQueue[Job] = FairQueue()
        self._wakeups: SimpleQueue[bool] = SimpleQueue()
        self._lock = threading.Lock()
        self._unfinished = 0
        self._threads: list[threading.Thread] = []

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        """Queue `job`, or refuse it or another one when `backlog` jobs wait already."""
        refused: Job | None = None
        with self._lock:
            if self._unfinished >= self._size.threads + self._size.backlog:
                refused = self._jobs.displace(job.subject) or job
            else:
                self._unfinished += 1
                if len(self._threads) < min(self._unfinished, self._size.threads):
                    self._start_thread()
                self._wakeups.put(True)
            if refused is not job:
                self._jobs.put(job.subject, job)
        if refused is not None:
            refused.refuse()

    def close(self) -> None:
        """Wait until the threads have run all queued jobs; call it once, after the last `submit`."""
        for _ in self._threads:
            self._wakeups.put(False)
        for thread in self._threads:
            thread.join()

    def _start_thread(self) -> None:
        # Daemon: if the process has to end without `close`, a job that never ends must not keep it alive.
        name = f"requests-{self._name}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _next(self) -> Job | None:
        with self._lock:
            return self._jobs.take()

    def _work(self) -> None:
        while self._wakeups.get() and (job := self._next()) is not None:
            try:
                job.run()
            except BaseException:
                # The pool keeps its thread whatever a job raises, SystemExit included.
                _logger.exception("a job of the thread pool %s failed", self._name)
            # Before the next wait, so that an idle thread does not keep the last request's objects alive.
            del job
            with self._lock:
                self._unfinished -= 1
