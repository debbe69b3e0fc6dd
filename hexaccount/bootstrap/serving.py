"""What `hexaccount http` and `hexaccount realtime` have in common: worker processes with shared folders."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from hexaccount.bootstrap.preparation import prepare_to_serve
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount_click.program import ConfigurationError, Unavailable
from hexaccount_granian import AsyncioWorker, CannotListen, Draining, Worker, WorkersFailed, serve

_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client reads this variable when it is imported, and shares metrics among processes in that folder."""


def serve_until_stopped(
    settings: Settings,
    factory: Callable[[Draining, Path], Callable[[], Worker | AsyncioWorker]],
    *,
    interface: Literal["wsgi", "asyncio"],
    preload: Sequence[str],
    host: str,
    port: int,
    workers: int,
    echo: Callable[[str], None],
) -> None:
    """Prepare the store, and serve in worker processes until SIGTERM or SIGINT.

    `factory` returns what creates a worker, from the draining flag and the folder for shared hashing slots.

    Raises ConfigurationError, Unavailable, SchemaMismatch and StoreUnavailable.
    """
    try:
        for line in prepare_to_serve(settings):
            echo(line)
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
    draining = Draining()
    try:
        with _worker_folders() as slots:
            serve(
                factory(draining, slots),
                interface=interface,
                draining=draining,
                host=host,
                port=port,
                workers=workers,
                drain_delay=settings.http.drain_delay,
                preload=(*preload, *(("hexaccount_prometheus",) if settings.metrics.enabled else ())),
                on_started=partial(_print_address, echo),
                on_stopping=partial(echo, "stopping"),
            )
    except (CannotListen, WorkersFailed) as error:
        raise Unavailable(str(error)) from error


@contextmanager
def _worker_folders() -> Iterator[Path]:
    """Yield the folder for shared hashing slots; the one for metrics is in the environment. Raises Unavailable."""
    try:
        shared = Path(tempfile.mkdtemp(prefix="hexaccount-"))
    except FileNotFoundError as error:
        raise Unavailable(f"let this user write in /tmp, or set TMPDIR to a folder where it may; {error}") from error
    slots, metrics = shared / "slots", shared / "metrics"
    for folder in (slots, metrics):
        folder.mkdir()
    os.environ[_METRICS_FOLDER] = str(metrics)
    try:
        yield slots
    finally:
        del os.environ[_METRICS_FOLDER]
        shutil.rmtree(shared, ignore_errors=True)


def _print_address(echo: Callable[[str], None], host: str, port: int) -> None:
    echo(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
