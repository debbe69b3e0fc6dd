"""The sockets: what each worker process opens, and how the parent serves."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, TypeAlias

from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.http import tell_address
from hexaccount.bootstrap.preparation import prepare_to_serve
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.bootstrap.worker_folders import preload_for_figures, worker_folders
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import JournalTail
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_click.program import ConfigurationError, Unavailable
from hexaccount_granian import AsgiWorker, CannotListen, Draining, WorkersFailed, serve

_Tell: TypeAlias = Callable[[Sequence[JournalEntry]], Coroutine[Any, Any, None]]
_PRELOAD = ("hexaccount_socketio", "hexaccount_security")


@dataclass(frozen=True, slots=True)
class LoadSocketWorker:
    """Opens the service inside the worker process that holds sockets."""

    settings: Settings
    draining: Draining

    def __call__(self) -> AsgiWorker:
        """Return what the worker serves."""
        from hexaccount_socketio import Sockets, create_application  # noqa: PLC0415 - not in the parent

        service = open_service(self.settings, measured=True)
        service.start_looking(service.check)
        sockets = Sockets(
            bus=service.bus,
            addresses=ClientAddresses(self.settings.http.trusted_proxies),
            cors_origins=self.settings.http.cors_origins,
            draining=self.draining.is_set,
            metrics=service.metrics,
        )
        following = _Following(service, sockets.tell, sockets.look_after)

        look = service.readiness(self.draining.is_set).look

        async def readiness() -> ReadinessReport:
            return await asyncio.to_thread(look)

        def close() -> None:
            following.stop()
            service.close()

        return AsgiWorker(
            application=create_application(
                sockets, readiness=readiness, metrics=service.figures if self.settings.metrics.enabled else None
            ),
            start=following.start,
            drain=sockets.close,
            close=close,
        )


class _Following:
    """A thread that follows the journal, and hands what it finds to the event loop."""

    def __init__(self, service: Service, tell: _Tell, look_after: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._follower = JournalTail(
            service.store.history, commits=service.store.commits, clock=service.container.clock()
        )
        self._watch = service.store.watch
        self._tell = tell
        self._look_after = look_after
        self._thread: Thread | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, on the event loop that holds the sockets."""
        loop = asyncio.get_running_loop()
        self._watch()

        def hand_over(entries: Sequence[JournalEntry]) -> None:
            asyncio.run_coroutine_threadsafe(self._tell(entries), loop).result()

        self._thread = Thread(target=self._follower.run, args=[hand_over], name="follower", daemon=True)
        self._thread.start()
        self._task = loop.create_task(self._look_after())

    def stop(self) -> None:
        """End the thread, while the event loop runs."""
        self._follower.stop()
        if self._thread is not None:
            self._thread.join()


def serve_realtime(settings: Settings, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
    """Serve until a signal; raises ConfigurationError, Unavailable, SchemaMismatch and StoreUnavailable."""
    try:
        check_driver("hexaccount realtime", "socketio", extra="realtime")
        for line in prepare_to_serve(settings):
            echo(line)
    except (SettingsError, ValueError) as error:
        raise ConfigurationError(str(error)) from error
    draining = Draining()
    try:
        with worker_folders():
            serve(
                LoadSocketWorker(settings, draining),
                interface="asgi",
                draining=draining,
                host=host,
                port=port,
                workers=workers,
                drain_delay=settings.http.drain_delay,
                preload=(*_PRELOAD, *kind_of(settings).preload, *preload_for_figures(settings)),
                on_started=partial(tell_address, echo),
                on_stopping=partial(echo, "stopping"),
            )
    except (CannotListen, WorkersFailed) as error:
        raise Unavailable(str(error)) from error
