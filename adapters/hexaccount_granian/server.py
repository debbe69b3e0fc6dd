import gc
import importlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Literal

from hexaccount_granian.asyncio_child import run_asyncio_worker
from hexaccount_granian.asyncio_worker import AsyncioWorker
from hexaccount_granian.child import ChildFactory
from hexaccount_granian.draining import Draining
from hexaccount_granian.errors import WorkersFailed
from hexaccount_granian.listener import ListenAddress, reserve_address
from hexaccount_granian.processes import WorkerProcesses
from hexaccount_granian.signals import stop_signals_blocked
from hexaccount_granian.supervision import ShutdownHandler, notify_when_ready
from hexaccount_granian.worker import Worker


def serve(
    make_worker: Callable[[], Worker | AsyncioWorker],
    *,
    interface: Literal["wsgi", "asyncio"] = "wsgi",
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
    """Serve in worker processes until SIGTERM or SIGINT; call it in the main thread.

    make_worker: called in each worker process; must be picklable where processes are not forked.
    interface: `asyncio` (make_worker returns an AsyncioWorker) leaves the connections to the worker.
    draining: set when the shutdown begins.
    drain_delay: seconds from there until connections are refused; 0 if the service has not started yet.
    stop_timeout: seconds from there until workers are killed.
    preload: modules to import before the processes fork, so that they share the memory.
    on_started: gets the host and the real port when all workers accept connections. It and `on_stopping` are called
        in threads of the calling process.

    Raises CannotListen, AddressInUse, and WorkersFailed when workers die as soon as they start.
    """
    with stop_signals_blocked(), reserve_address(host, port) as reserved:
        address, bound_port = reserved.getsockname()[:2]
        server = WorkerProcesses(address, bound_port, workers=workers, backlog=backlog, stop_timeout=stop_timeout)
        listen_address = ListenAddress(address, bound_port, server.max_connections)
        shutdown = ShutdownHandler(server, draining=draining, drain_delay=drain_delay, on_stopping=on_stopping)

        def on_ready() -> None:
            shutdown.started.set()
            if not draining.is_set():
                on_started(host, bound_port)

        with _readiness_reports(workers, on_ready) as ready, _shared_memory(preload):
            shutdown.start()
            try:
                _run(server, ChildFactory(make_worker, draining, ready, listen_address, asyncio=interface == "asyncio"))
            finally:
                shutdown.finish()


def _run(server: WorkerProcesses, factory: ChildFactory) -> None:
    hangup = signal.getsignal(signal.SIGHUP)
    # granian restarts its workers on SIGHUP, from the same memory. Keep the handler of the process instead.
    server.on_startup(lambda: signal.signal(signal.SIGHUP, hangup))
    # granian's own worker unless another one is named.
    run_worker = run_asyncio_worker if factory.asyncio else None
    try:
        server.serve(run_worker, target_loader=factory, wrap_loader=False)  # type: ignore[arg-type]  # declared for functions only
    except SystemExit as end:
        if end.code:
            raise WorkersFailed("worker processes end as soon as they start; their log says why") from None
    finally:
        signal.signal(signal.SIGHUP, hangup)


@contextmanager
def _readiness_reports(workers: int, on_ready: Callable[[], None]) -> Iterator[Connection]:
    """Yield the connection on which workers report that they are ready."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    notifier = threading.Thread(
        target=notify_when_ready, args=[reader, workers, on_ready], name="readiness-notifier", daemon=True
    )
    notifier.start()
    with reader:
        try:
            yield writer
        finally:
            writer.close()
            notifier.join()


@contextmanager
def _shared_memory(preload: Sequence[str]) -> Iterator[None]:
    """Import modules, and keep the garbage collector from writing to memory that forked processes share.

    A caller may have disabled it until now, which shortens imports.
    """
    for module in preload:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.unfreeze()
