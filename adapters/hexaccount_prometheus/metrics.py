import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from hexaccount.application.ports.metrics import Kind, Measure, Metrics

_MAKERS: dict[Kind, Callable[..., Counter | Gauge]] = {
    Kind.COUNT: Counter,
    Kind.LEAST: partial(Gauge, multiprocess_mode="livemin"),
}
_LIVE = re.compile(r"gauge_live\w+_(\d+)\.db")


class PrometheusMetrics(Metrics):
    """Keeps figures in files, one or two a process, so that any process of them tells those of all.

    The files are where PROMETHEUS_MULTIPROC_DIR says, which has to be set before the library is imported; where it is
    not, a process tells its own figures.
    https://prometheus.github.io/client_python/multiprocess/
    """

    def __init__(self) -> None:
        self._directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._instruments: dict[Measure, Any] = {}

    def add(self, measure: Measure, amount: float = 1) -> None:
        """Add to a count."""
        self._instrument(measure).inc(amount)

    def set(self, measure: Measure, figure: float) -> None:
        """Say how something is at this moment."""
        self._instrument(measure).set(figure)

    def told(self) -> bytes:
        """Return the figures of all processes in the text format of Prometheus."""
        if self._directory is None:
            return generate_latest(self._registry)
        _drop_those_of_the_dead(self._directory)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._directory)  # type: ignore[no-untyped-call]  # not annotated there
        return generate_latest(registry)

    def _instrument(self, measure: Measure) -> Any:
        with self._lock:
            if measure not in self._instruments:
                make = _MAKERS[measure.kind]
                self._instruments[measure] = make(measure.name, measure.told, registry=self._registry)
            return self._instruments[measure]


def _drop_those_of_the_dead(directory: str) -> None:
    """Forget how it was with processes that were killed, and could not say that they end."""
    for file in Path(directory).glob("gauge_live*.db"):
        found = _LIVE.fullmatch(file.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            with suppress(FileNotFoundError):  # another process drops it at the same moment
                mark_process_dead(int(found[1]), directory)  # type: ignore[no-untyped-call]  # not annotated there
