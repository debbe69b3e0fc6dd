"""The folders that the worker processes of one command share for as long as it runs."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hexaccount.bootstrap.settings import Settings

_FIGURES = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library for Prometheus reads, as it is imported, where processes share their figures."""


def preload_for_figures(settings: Settings) -> tuple[str, ...]:
    """Return what workers import to take their figures."""
    return ("hexaccount_prometheus",) if settings.metrics.enabled else ()


@contextmanager
def worker_folders() -> Iterator[Path]:
    """Give the folder where workers count their hashes; where they keep their figures is said to who imports that."""
    shared = Path(tempfile.mkdtemp(prefix="hexaccount-"))
    slots, figures = shared / "slots", shared / "metrics"
    for folder in (slots, figures):
        folder.mkdir()
    os.environ[_FIGURES] = str(figures)
    try:
        yield slots
    finally:
        del os.environ[_FIGURES]
        shutil.rmtree(shared, ignore_errors=True)
