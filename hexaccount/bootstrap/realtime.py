"""`hexaccount realtime`: what each worker process opens, and how the parent serves."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.serving import serve_until_stopped
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import kind_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import JournalTail
from hexaccount.kernel.cors import CorsPolicy
from hexaccount_click.program import ConfigurationError
from hexaccount_granian import AsyncioWorker, Draining
from hexaccount_granian.client_address import ClientAddresses

if TYPE_CHECKING:
    from hexaccount_socketio import SocketServer

_PRELOAD = ("hexaccount_socketio", "hexaccount_security")


@dataclass(frozen=True, slots=True)
class RealtimeWorkerFactory:
    """Opens the service in a worker process."""

    settings: Settings
    draining: Draining

    def __call__(self) -> AsyncioWorker:
        """Open the service; granian calls this once in each worker process."""
        from hexaccount_socketio import HttpServer, SocketServer, create_application

        service = open_service(self.settings, measured=True)
        service.start_collecting(service.check)
        security_log = service.container.security_log()
        addresses = ClientAddresses(self.settings.http.trusted_proxies)
        cors = CorsPolicy(self.settings.http.cors_origins, self.settings.http.cors_headers)
        server = SocketServer(
            bus=service.bus,
            addresses=addresses,
            cors=cors,
            public_url=self.settings.public_url,
            draining=self.draining.is_set,
            metrics=service.metrics,
            on_refused=security_log.refused,
        )
        application = create_application(
            server,
            readiness=partial(asyncio.to_thread, service.readiness(self.draining.is_set).check),
            metrics=service.metrics_text if self.settings.metrics.enabled else None,
        )
        http = HttpServer(application, addresses=addresses, cors=cors, on_refused=security_log.refused)
        feed = _JournalFeed(service, server)

        async def start(listening: socket.socket, max_connections: int) -> None:
            await feed.start()
            await http.start(listening, max_connections)

        def close() -> None:
            feed.stop()
            service.close()

        return AsyncioWorker(start=start, drain=server.close, stop=http.close, close=close)


class _JournalFeed:
    """Follows the journal in a thread, and publishes new events on the event loop of the sockets."""

    def __init__(self, service: Service, server: "SocketServer") -> None:
        self._follower = JournalTail(
            service.container.history(), commits=service.store.commits, clock=service.container.clock()
        )
        self._watch = service.store.watch
        self._server = server
        self._thread: Thread | None = None
        self._maintenance: asyncio.Task[None] | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch()

        def publish(entries: Sequence[JournalEntry]) -> None:
            asyncio.run_coroutine_threadsafe(self._server.publish(entries), loop).result()

        self._thread = Thread(target=self._follower.run, args=[publish], name="follower", daemon=True)
        self._thread.start()
        self._maintenance = loop.create_task(self._server.maintain())

    def stop(self) -> None:
        """End the thread; call it while the event loop runs."""
        self._follower.stop()
        if self._thread is not None:
            self._thread.join()


def serve_realtime(settings: Settings, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; raises ConfigurationError, Unavailable, SchemaMismatch and StoreUnavailable."""
    try:
        check_driver("hexaccount realtime", "socketio", extra="realtime")
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    serve_until_stopped(
        settings,
        lambda draining, _slots: RealtimeWorkerFactory(settings, draining),
        interface="asyncio",
        preload=(*_PRELOAD, *kind_of(settings).preload),
        host=host,
        port=port,
        workers=workers,
        echo=echo,
    )
