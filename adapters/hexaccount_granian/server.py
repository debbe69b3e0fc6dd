import gc
import importlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeAlias

from granian.constants import Interfaces

from hexaccount_granian.asgi_child import LoadAsgiChild
from hexaccount_granian.asgi_worker import AsgiWorker
from hexaccount_granian.child import LoadChild
from hexaccount_granian.doors import reserve
from hexaccount_granian.draining import Draining
from hexaccount_granian.errors import WorkersFailed
from hexaccount_granian.parent import Announcer, Stopper
from hexaccount_granian.processes import WorkerProcesses
from hexaccount_granian.signals import stop_signals_held
from hexaccount_granian.worker import Worker

Interface: TypeAlias = Literal["wsgi", "asgi"]
# What serves WSGI best is RSGI, with a front of our own.
_INTERFACES: dict[Interface, Interfaces] = {"wsgi": Interfaces.RSGI, "asgi": Interfaces.ASGI}


def serve(
    load: Callable[[], Worker | AsgiWorker],
    *,
    interface: Interface = "wsgi",
    draining: Draining,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    drain_delay: float = 0.0,
    stop_timeout: float = 30.0,
    backlog: int = 1024,
    preload: Sequence[str] = (),
    on_started: Callable[[str, int], None] = lambda *_: None,
    on_stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve in worker processes until SIGTERM or SIGINT has been obeyed; to be called in the main thread.

    `load` makes the worker, in each of the processes: a Worker, or an AsgiWorker where `interface` says so, which lets
    WebSockets in; it must be picklable where processes are not forked. `draining`
    is set when the end begins. `drain_delay` seconds later, at once if the service had not started yet, the doors
    close, and what takes longer than `stop_timeout` seconds from there is ended by force. `preload` names modules to
    import before the processes part, so that they share the memory. `on_started` takes the address, with the real
    port, once all workers accept connections; it and `on_stopping` are called in threads of the calling process.

    Raises CannotListen, AddressInUse, and WorkersFailed when workers die as soon as they start.
    """
    with stop_signals_held(), reserve(host, port) as door:
        address, bound_port = door.getsockname()[:2]
        server = WorkerProcesses(
            _INTERFACES[interface], address, bound_port, workers=workers, backlog=backlog, stop_timeout=stop_timeout
        )
        started = threading.Event()

        def announce() -> None:
            started.set()
            if not draining.is_set():
                on_started(host, bound_port)

        def delay() -> float:
            return drain_delay if started.is_set() else 0.0

        stopper = Stopper(server, draining=draining, delay=delay, on_stopping=on_stopping)
        with _reports(workers, announce) as ready, _shared_memory(preload):
            stopper.start()
            try:
                _run(server, _child(interface, load, draining, ready))
            finally:
                stopper.finish()


def _child(
    interface: Interface, load: Callable[[], Any], draining: Draining, ready: Connection
) -> LoadChild | LoadAsgiChild:
    return LoadAsgiChild(load, draining, ready) if interface == "asgi" else LoadChild(load, ready)


def _run(server: WorkerProcesses, load: LoadChild | LoadAsgiChild) -> None:
    hangup = signal.getsignal(signal.SIGHUP)
    # To granian, a hangup means new workers from the same memory. Let it mean what it meant before.
    server.on_startup(lambda: signal.signal(signal.SIGHUP, hangup))
    try:
        # What serves RSGI best is an object.
        server.serve(target_loader=load, wrap_loader=False)  # type: ignore[arg-type]  # declared for functions only
    except SystemExit as end:
        if end.code:
            raise WorkersFailed("worker processes end as soon as they start; their log says why") from None
    finally:
        signal.signal(signal.SIGHUP, hangup)


@contextmanager
def _reports(workers: int, announce: Callable[[], None]) -> Iterator[Connection]:
    """Give the connection on which workers report that they are ready, and listen to it."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    announcer = Announcer(reader, workers, announce)
    announcer.start()
    with reader:
        try:
            yield writer
        finally:
            writer.close()
            announcer.join()


@contextmanager
def _shared_memory(preload: Sequence[str]) -> Iterator[None]:
    """Import modules, and keep the garbage collector from touching, and so copying, what forked processes share."""
    for module in preload:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
