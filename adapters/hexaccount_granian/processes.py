import logging
import resource
import threading

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

_logger = logging.getLogger(__name__)

# How long a connection may be silent before or inside the head of a request. Load balancers keep idle connections for
# a minute; were they closed here first, the balancer would now and then send a request into the closing.
_IDLE_MILLISECONDS = 75_000

# Files and sockets of a worker that are not connections of clients.
_OTHER_FILES = 256
_MOST_CONNECTIONS = 16_384


class WorkerProcesses(MPServer):
    """granian as it is used here: HTTP/1.1 in several processes, of which dead ones are replaced."""

    def __init__(
        self, interface: Interfaces, address: str, port: int, *, workers: int, backlog: int, stop_timeout: float
    ) -> None:
        """Take RSGI or ASGI, which lets WebSockets in; where to listen, how many there are, how long they may take."""
        self._stop_timeout = stop_timeout
        super().__init__(
            "hexaccount",
            address=address,
            port=port,
            interface=interface,
            workers=workers,
            loop=Loops.asyncio,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_IDLE_MILLISECONDS, max_buffer_size=65_536),
            websockets=interface is Interfaces.ASGI,
            backlog=backlog,
            backpressure=_connections(),
            log_level=LogLevels.warning,
            # The settings of everybody else stay as they are, and granian's records go where all records go.
            log_dictconfig={"incremental": True, "handlers": {}, "loggers": {"_granian": {"propagate": True}}},
            respawn_failed_workers=True,
        )

    def close_doors(self) -> None:
        """Make `serve` come to its end: nobody is let in any more, who is in is served."""
        self.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # not annotated by granian

    def shutdown(self, exit_code: int = 0) -> None:
        """Tell the workers to end and wait for them, but not for ever."""
        # granian's own timeout takes a worker for alive that another thread has just seen die, and warns of it.
        timer = threading.Timer(self._stop_timeout, self._lose_patience)
        timer.daemon = True
        timer.start()
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # not annotated by granian
        finally:
            timer.cancel()

    def kill_workers(self) -> None:
        """End the workers whatever they are doing."""
        for worker in list(self.wrks):
            worker.kill()  # type: ignore[no-untyped-call]  # not annotated by granian

    def _lose_patience(self) -> None:
        _logger.warning("workers did not end within %g seconds and are killed", self._stop_timeout)
        self.kill_workers()


def _connections() -> int:
    """Return how many connections one worker may hold: as many as it has files for, since silent ones cost no more.

    The usual limit of open files is low and for ancient programs' sake; any process may raise its own up to a second,
    high one. With few connections, one client that keeps them all would lock the others out.
    """
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    if files != resource.RLIM_INFINITY and files < wanted:
        files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    if files == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return min(max(_OTHER_FILES, files - _OTHER_FILES), _MOST_CONNECTIONS)
