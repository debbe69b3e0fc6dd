import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaneSize:
    """How many requests of one class are worked on at once, and how many more may wait for a thread."""

    threads: int
    backlog: int

    def __post_init__(self) -> None:
        if self.threads < 1 or self.backlog < 0:
            raise ValueError(f"a lane needs one thread or more and no negative backlog, not {self}")


class Lane:
    """A fixed number of threads for one class of requests, with a bounded queue in front of them.

    A thread is started when a job finds no other, so that a lane costs nothing before its first job and may be made
    before a fork. Queue and counter are made by hand because concurrent.futures costs more than many a quick request.
    """

    def __init__(self, name: str, threads: int, backlog: int) -> None:
        """Take a name for the threads, their number, and how many jobs may wait beyond those at work."""
        self._name = name
        self._size = LaneSize(threads, backlog)
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._held = 0
        self._threads: list[threading.Thread] = []

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return self._jobs.qsize()

    def submit(self, job: Callable[[], object]) -> bool:
        """Queue `job` for a thread; return False, having done nothing, when `backlog` jobs wait already."""
        with self._lock:
            if self._held >= self._size.threads + self._size.backlog:
                return False
            self._held += 1
            if len(self._threads) < min(self._held, self._size.threads):
                self._start_thread()
        self._jobs.put(job)
        return True

    def close(self) -> None:
        """Let the threads finish what the lane holds, and wait for them; to be called once, after the last submit."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _start_thread(self) -> None:
        # Daemon: should the process have to end without `close`, a job that never ends must not keep it alive.
        name = f"lane-{self._name}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException:
                # Whatever a job does, a SystemExit included, the lane keeps its thread.
                _logger.exception("a job of lane %s failed", self._name)
            # Before the next wait, so that an idle thread does not keep the last request's objects alive.
            del job
            with self._lock:
                self._held -= 1
