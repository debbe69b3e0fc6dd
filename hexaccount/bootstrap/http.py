"""`hexaccount http`: what each worker process opens, and how the parent serves."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.artist import ArtistOnDemand
from hexaccount.bootstrap.hashers import bcrypt_engine
from hexaccount.bootstrap.logs import open_request_log
from hexaccount.bootstrap.plugins import HTTP, find_plugins, load_plugins, plugin_names
from hexaccount.bootstrap.publishers import preload_for_events
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.serving import serve_until_stopped
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import kind_of
from hexaccount.bootstrap.tracing import open_traces, preload_for_tracing
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import HTTP_IN_FLIGHT, HTTP_REFUSALS, HTTP_WAITING
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_click.program import ConfigurationError
from hexaccount_granian import Draining, ThreadPoolSize, Worker, WorkerLoad
from hexaccount_granian.client_address import ClientAddresses

if TYPE_CHECKING:
    from hexaccount_flask import Routes

# What every worker imports. The parent imports it before the fork, so that all workers share the memory.
_PRELOAD = ("hexaccount_flask", "hexaccount_security", "hexaccount_structlog")
_PRELOAD_FOR_CACHE = {"none": (), "redis": ("hexaccount_redis",)}
_PRELOAD_FOR_COUNTERS = {"host": ("hexaccount_shared_memory",)}


@dataclass(frozen=True, slots=True)
class HttpWorkerFactory:
    """Opens the service in a worker process."""

    settings: Settings
    draining: Draining
    hashing_slots: Path
    workers: int

    def __call__(self) -> Worker:
        """Open the service; granian calls this once in each worker process."""
        from hexaccount_flask import (
            RequestMetrics,
            create_app,
            new_request_id,
            render_problem,
            request_class_finder,
        )

        settings = self.settings
        addresses = ClientAddresses(settings.http.trusted_proxies)
        traces = open_traces(settings)
        service = open_service(
            settings, hashing_slots=self.hashing_slots, workers=self.workers, measured=True, traces=traces
        )
        container = service.container
        log = open_request_log(settings.log, container.local_rate_limits(), container.clock())
        service.subscribe()
        if settings.relay.enabled:
            service.start_relays()
            service.start_retention()
        service.start_collecting(service.check)
        cors = CorsPolicy(settings.http.cors_origins, settings.http.cors_headers)
        metrics = RequestMetrics(service.metrics) if settings.metrics.enabled else None
        app = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=service.readiness(self.draining.is_set).check,
            published_keys=service.published_keys,
            metrics=service.metrics_text if settings.metrics.enabled else None,
            public_url=settings.public_url,
            cors=cors,
            client_addresses=addresses,
            further_routes=_further_routes(),
            observers=[observer for observer in (traces and traces.requests, log, metrics) if observer],
        )
        _declare_rejections(service.metrics)
        pools = _thread_pools(settings)
        retry_after = container.hashing_pool().retry_after

        def render_error(
            status: int, code: str, detail: str, *, origin: str | None
        ) -> tuple[list[tuple[str, str]], bytes]:
            service.metrics.add(HTTP_REFUSALS, 1, str(status), code)
            request_id = new_request_id()
            if log and code != "internal_error":  # Flask's side has logged that
                log.refused(request_id, status, code)
            # The queue for hashes overflows long before the queues of the other classes.
            wait = retry_after() if code == "overloaded" else 1
            headers, body = render_problem(status, code, detail, request_id, retry_after=wait)
            return [*headers, *cors.headers(origin)], body

        def close() -> None:
            if log:
                log.summarise()
            service.close()

        return Worker(
            wsgi=app.wsgi_app,
            request_class_of=request_class_finder(app),
            thread_pools=pools,
            render_error=render_error,
            close=close,
            on_refused=container.security_log().refused,
            client_addresses=addresses,
            load=_observed_load(service.metrics, pools),
        )


def _further_routes() -> "list[Routes]":
    """Return the routes of other packages; raises PluginError."""
    if not plugin_names(HTTP):
        return []
    from hexaccount_flask import Routes

    return load_plugins(HTTP, Routes)


def _check_further_routes() -> None:
    """Raise PluginError for the first package whose routes cannot be served beside ours and those before.

    The parent does so, which shows the error and shares with the workers what it has imported.
    """
    if not (plugins := find_plugins(HTTP)):
        return
    from hexaccount_flask import IncompleteOperation, Routes, create_app

    routes: list[Routes] = []
    for plugin in plugins:
        routes.append(plugin.load(Routes))
        try:
            create_app(
                bus=MessageBus({}),
                artist=ArtistOnDemand(),
                readiness=ReadinessReport,
                published_keys=list,
                metrics=None,
                further_routes=routes,
            )
        except IncompleteOperation as error:
            raise plugin.error(f"cannot be served: {error}") from error


def _declare_rejections(metrics: Metrics) -> None:
    """Export the rejections at zero, with every code that ErrorRenderer documents."""
    for status, code in (
        (400, "malformed_request"),
        (408, "body_too_slow"),
        (413, "body_too_large"),
        (500, "internal_error"),
        (503, "overloaded"),
        (503, "deadline_exceeded"),
    ):
        metrics.declare(HTTP_REFUSALS, str(status), code)


def _observed_load(metrics: Metrics, request_classes: Iterable[str]) -> WorkerLoad:
    """Return a load that the metrics observe."""
    load = WorkerLoad()
    metrics.observe_callback(HTTP_IN_FLIGHT, lambda: load.in_flight)
    for request_class in request_classes:
        metrics.observe_callback(HTTP_WAITING, partial(load.waiting, request_class), request_class)
    return load


def _thread_pools(settings: Settings) -> dict[str, ThreadPoolSize]:
    """Return the size of the thread pool of each request class.

    The class `password` has a thread for each call that the hashing pool runs or queues, as only the pool knows whose
    turn it is, and two for requests that come to it and leave it.
    """
    from hexaccount_security import MOST_LANES

    hashes = (os.cpu_count() or 1) * MOST_LANES + 2 * settings.password.queue
    return {
        "default": ThreadPoolSize(threads=2, backlog=1024),
        "password": ThreadPoolSize(threads=hashes + 2, backlog=256),
        "image": ThreadPoolSize(threads=1, backlog=256),
        "health": ThreadPoolSize(threads=1, backlog=256),
        # Apart from `health`, which must answer while the store hangs.
        "readiness": ThreadPoolSize(threads=1, backlog=256),
    }


def serve_http(settings: Settings, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; raises ConfigurationError, Unavailable, SchemaMismatch and StoreUnavailable."""
    _check_further_routes()
    kind = kind_of(settings)
    if kind.one_process and workers > 1:
        raise ConfigurationError(
            f"store: {settings.store_kind}:// is one process; use --workers 1, or choose another store"
        )
    bcrypt_engine(settings)  # tested and chosen once: forked workers have the choice of the parent
    serve_until_stopped(
        settings,
        lambda draining, slots: HttpWorkerFactory(settings, draining, slots, workers),
        interface="wsgi",
        preload=(
            *_PRELOAD,
            *kind.preload,
            *_PRELOAD_FOR_CACHE[settings.cache_kind],
            *_PRELOAD_FOR_COUNTERS.get(settings.counters, ()),
            *preload_for_events(settings),
            *preload_for_tracing(settings),
        ),
        host=host,
        port=port,
        workers=workers,
        echo=echo,
    )
