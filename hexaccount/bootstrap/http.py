"""The HTTP service: what each worker process opens, and how the parent serves."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hexaccount.bootstrap.logs import open_request_log
from hexaccount.bootstrap.preparation import prepare_to_serve
from hexaccount.bootstrap.publishers import preload_for_events
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.stores import kind_of
from hexaccount.bootstrap.tracing import open_traces, preload_for_tracing
from hexaccount.bootstrap.worker_folders import preload_for_figures, worker_folders
from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import HTTP_IN_FLIGHT, HTTP_REFUSALS, HTTP_WAITING
from hexaccount_click.program import ConfigurationError, Unavailable
from hexaccount_granian import CannotListen, Draining, LaneSize, Pressure, Worker, WorkersFailed, serve

# What every worker needs; imported once, before they part, it is shared among them.
_PRELOAD = ("hexaccount_flask", "hexaccount_security", "hexaccount_structlog")
_PRELOAD_FOR_CACHE = {"none": (), "redis": ("hexaccount_redis",)}


@dataclass(frozen=True, slots=True)
class LoadWorker:
    """Opens the service inside the worker process that serves with it."""

    settings: Settings
    draining: Draining
    hashing_slots: Path
    workers: int

    def __call__(self) -> Worker:
        """Return what the worker serves."""
        from hexaccount_flask import (  # noqa: PLC0415 - not in the parent
            RequestFigures,
            create_app,
            lane_finder,
            new_request_id,
            render_problem,
        )

        settings = self.settings
        traces, log = open_traces(settings), open_request_log(settings.log)
        service = open_service(
            settings, hashing_slots=self.hashing_slots, workers=self.workers, measured=True, traces=traces
        )
        service.subscribe()
        if settings.relay.enabled:
            service.start_relays()
            service.start_purging()
        service.start_looking(service.check)
        figures = RequestFigures(service.metrics) if settings.metrics.enabled else None
        app = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=service.readiness(self.draining.is_set).look,
            published_keys=service.published_keys,
            metrics=service.figures if settings.metrics.enabled else None,
            cors_origins=settings.http.cors_origins,
            trusted_proxies=settings.http.trusted_proxies,
            watchers=[watcher for watcher in (traces and traces.requests, log, figures) if watcher],
        )
        _expect_refusals(service.metrics)
        retry_after = service.container.lane().retry_after

        def refuse(status: int, code: str, detail: str) -> tuple[list[tuple[str, str]], bytes]:
            service.metrics.add(HTTP_REFUSALS, 1, str(status), code)
            request_id = new_request_id()
            if log and code != "internal_error":  # by which Flask's side has failed, where it was watched
                log.refused(request_id, status, code)
            # What overflows is the queue in front of the hashes; the other lanes have room for a thousand.
            wait = retry_after() if code == "overloaded" else 1
            return render_problem(status, code, detail, request_id, retry_after=wait)

        return Worker(
            wsgi=app.wsgi_app,
            lane_of=lane_finder(app),
            lanes=_lanes(settings),
            refusal=refuse,
            close=service.close,
            pressure=_pressure(service.metrics, _lanes(settings)),
        )


def _expect_refusals(metrics: Metrics) -> None:
    """Let refusals be told from the start, by the codes that the front has for them."""
    for status, code in (
        (400, "malformed_request"),
        (408, "body_too_slow"),
        (413, "body_too_large"),
        (500, "internal_error"),
        (503, "overloaded"),
        (503, "deadline_exceeded"),
    ):
        metrics.declare(HTTP_REFUSALS, str(status), code)


def _pressure(metrics: Metrics, lanes: Iterable[str]) -> Pressure:
    """Return what says how much there is to do, and have it asked."""
    pressure = Pressure()
    metrics.observe_callback(HTTP_IN_FLIGHT, lambda: pressure.in_flight)
    for lane in lanes:
        metrics.observe_callback(HTTP_WAITING, partial(pressure.waiting, lane), lane)
    return pressure


def _lanes(settings: Settings) -> dict[str, LaneSize]:
    """Return how many threads serve each class of requests, and how many requests may wait for one.

    The password lane has a thread for each hash that may be made at once, and two more that prepare the next ones and
    finish the last: whoever waits for a hash waits without a thread. Its backlog is the queue in front of the hashes.
    """
    return {
        "quick": LaneSize(threads=2, backlog=1024),
        "password": LaneSize(threads=(os.cpu_count() or 1) + 2, backlog=settings.password.queue),
        "drawing": LaneSize(threads=1, backlog=256),
        "vital": LaneSize(threads=1, backlog=256),
        # Whoever asks whether the process lives does not wait for who asks whether the store does.
        "readiness": LaneSize(threads=1, backlog=256),
    }


def serve_http(settings: Settings, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
    """Serve until a signal; raises ConfigurationError, Unavailable, SchemaMismatch and StoreUnavailable."""
    kind = kind_of(settings)
    if kind.one_process and workers > 1:
        raise ConfigurationError(
            f"store: {settings.store_kind}:// is one process; use --workers 1, or choose another store"
        )
    try:
        for line in prepare_to_serve(settings):
            echo(line)
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
    draining = Draining()
    preload = (
        *_PRELOAD,
        *kind.preload,
        *_PRELOAD_FOR_CACHE[settings.cache_kind],
        *preload_for_events(settings),
        *preload_for_tracing(settings),
        *preload_for_figures(settings),
    )
    try:
        with worker_folders() as slots:
            serve(
                LoadWorker(settings, draining, slots, workers=workers),
                draining=draining,
                host=host,
                port=port,
                workers=workers,
                drain_delay=settings.http.drain_delay,
                preload=preload,
                on_started=partial(tell_address, echo),
                on_stopping=partial(echo, "stopping"),
            )
    except (CannotListen, WorkersFailed) as error:
        raise Unavailable(str(error)) from error


def tell_address(echo: Callable[[str], None], host: str, port: int) -> None:
    """Say where the service listens."""
    shown = f"[{host}]" if ":" in host else host
    echo(f"listening on http://{shown}:{port}")
