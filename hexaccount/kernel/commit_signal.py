import threading


class CommitSignal:
    """Wakes threads that wait for events to be committed; a commit between a look-up and the wait is not missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """Return how often the signal was given; read it before looking for work."""
        return self._count

    def give(self) -> None:
        """Signal a commit of this process; a store may also wake other processes."""
        self.wake()

    def wake(self) -> None:
        """Wake all waiting threads of this process."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Return once the signal has been given more than `seen` times, or after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._count > seen, timeout)
