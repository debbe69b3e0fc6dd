import logging
import resource
import threading

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

_logger = logging.getLogger(__name__)

# How long a connection may be silent before or inside the head of a request. Load balancers keep idle connections for
# a minute. If this side closed them first, a balancer would now and then send a request on a closing connection.
_IDLE_MILLISECONDS = 75_000

# File descriptors of a worker that are not client connections.
_OTHER_FILES = 256
_MOST_CONNECTIONS = 16_384


class WorkerProcesses(MPServer):
    """granian with HTTP/1.1 in several worker processes; a dead one is replaced.

    `stop_timeout` is in seconds.
    """

    def __init__(self, address: str, port: int, *, workers: int, backlog: int, stop_timeout: float) -> None:
        self._stop_timeout = stop_timeout
        self.max_connections = _max_connections()
        super().__init__(
            "hexaccount",
            address=address,
            port=port,
            interface=Interfaces.RSGI,
            workers=workers,
            loop=Loops.asyncio,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_IDLE_MILLISECONDS, max_buffer_size=65_536),
            websockets=False,
            backlog=backlog,
            backpressure=self.max_connections,
            log_level=LogLevels.warning,
            # Keep the logging configuration of the process, and send granian's records to its handlers.
            log_dictconfig={"incremental": True, "handlers": {}, "loggers": {"_granian": {"propagate": True}}},
            respawn_failed_workers=True,
        )

    def stop_accepting(self) -> None:
        """Make `serve` return: accept no more connections, and finish the requests in flight."""
        self.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # not annotated by granian

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers, and kill those that have not ended after `stop_timeout`."""
        # granian's own time-out warns of workers that another thread has already seen die.
        timer = threading.Timer(self._stop_timeout, self._kill_late_workers)
        timer.daemon = True
        timer.start()
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # not annotated by granian
        finally:
            timer.cancel()

    def kill_workers(self) -> None:
        for worker in list(self.wrks):
            worker.kill()  # type: ignore[no-untyped-call]  # not annotated by granian

    def _kill_late_workers(self) -> None:
        _logger.warning("workers did not end within %g seconds and are killed", self._stop_timeout)
        self.kill_workers()


def _max_connections() -> int:
    """Raise the soft limit of open files as needed, and return how many connections one worker may hold.

    An idle connection costs little more than its file descriptor. With few of them, one client could take them all.
    """
    files, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    if files != resource.RLIM_INFINITY and files < wanted:
        files = wanted if hard_limit == resource.RLIM_INFINITY else min(wanted, hard_limit)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard_limit))
    if files == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return min(max(_OTHER_FILES, files - _OTHER_FILES), _MOST_CONNECTIONS)
