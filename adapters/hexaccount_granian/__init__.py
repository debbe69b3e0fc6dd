"""Serves a Flask (WSGI) application with granian, with a bounded thread pool for each class of requests (bulkheads).

The event loop of a worker process reads requests. A thread of the request's class answers it once the body, which is
bounded, is complete. A composition root needs::

    from hexaccount_granian import Draining, ThreadPoolSize, Worker, serve

    @dataclass(frozen=True)
    class WorkerFactory:                     # picklable: spawned worker processes receive a copy
        settings: Settings
        draining: Draining

        def __call__(self) -> Worker:        # called in each worker process, never in the parent: open pools here
            return Worker(wsgi=..., request_class_of=..., thread_pools={"default": ThreadPoolSize(4, 256), ...},
                          render_error=..., close=...)

    draining = Draining()                    # created before `serve`, shared by all processes; `/ready` reads it
    serve(WorkerFactory(settings, draining), draining=draining, host=..., port=..., workers=..., drain_delay=...,
          preload=["hexaccount_flask", ...], on_started=lambda host, port: ..., on_stopping=lambda: ...)

With `interface="asyncio"` the factory returns an AsyncioWorker instead, which serves the connections by itself.

`serve` returns after an orderly shutdown, and raises AddressInUse, CannotListen or WorkersFailed.
"""

from typing import TYPE_CHECKING

from hexaccount_granian.asyncio_worker import AsyncioWorker
from hexaccount_granian.draining import Draining
from hexaccount_granian.errors import AddressInUse, CannotListen, WorkersFailed
from hexaccount_granian.thread_pool import ThreadPool, ThreadPoolSize
from hexaccount_granian.worker import ErrorRenderer, Worker
from hexaccount_granian.worker_load import WorkerLoad

if TYPE_CHECKING:
    from hexaccount_granian.server import serve

__all__ = [
    "AddressInUse",
    "AsyncioWorker",
    "CannotListen",
    "Draining",
    "ErrorRenderer",
    "ThreadPool",
    "ThreadPoolSize",
    "Worker",
    "WorkerLoad",
    "WorkersFailed",
    "serve",
]


def __getattr__(name: str) -> object:
    # Only a process that serves needs granian. Commands that share these types do not pay for its import.
    if name == "serve":
        from hexaccount_granian.server import serve  # noqa: PLC0415 - see above

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
