"""A Flask (WSGI) application behind granian, where slow requests never hold a thread that quick ones need.

The event loop of a worker process only moves bytes. A request is handed to a thread once its body, which is bounded,
is whole, and then to the threads ("lane") of its class. What a composition root needs::

    from hexaccount_granian import Draining, LaneSize, Worker, serve

    @dataclass(frozen=True)
    class LoadWorker:                        # picklable: sent to worker processes where they are not forked
        settings: Settings
        draining: Draining

        def __call__(self) -> Worker:        # called in each worker, never in the parent: open pools here
            return Worker(wsgi=..., lane_of=..., lanes={"quick": LaneSize(4, 256), ...}, refusal=..., close=...)

    draining = Draining()                    # made before `serve`, shared by all processes: `/ready` asks `is_set()`
    serve(LoadWorker(settings, draining), draining=draining, host=..., port=..., workers=..., drain_delay=...,
          preload=["hexaccount_flask", ...], on_started=lambda host, port: ..., on_stopping=lambda: ...)

`serve` returns after an orderly stop, and raises AddressInUse, CannotListen or WorkersFailed.
"""

from typing import TYPE_CHECKING

from hexaccount_granian.asgi_worker import AsgiWorker
from hexaccount_granian.draining import Draining
from hexaccount_granian.errors import AddressInUse, CannotListen, WorkersFailed
from hexaccount_granian.front import Front
from hexaccount_granian.lanes import Lane, LaneSize
from hexaccount_granian.pressure import Pressure
from hexaccount_granian.worker import Refusal, Worker

if TYPE_CHECKING:
    from hexaccount_granian.server import serve

__all__ = [
    "AddressInUse",
    "AsgiWorker",
    "CannotListen",
    "Draining",
    "Front",
    "Lane",
    "LaneSize",
    "Pressure",
    "Refusal",
    "Worker",
    "WorkersFailed",
    "serve",
]


def __getattr__(name: str) -> object:
    # Only a process that serves needs granian; commands that merely share these types should not pay for its import.
    if name == "serve":
        from hexaccount_granian.server import serve  # noqa: PLC0415 - only who serves needs granian

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
