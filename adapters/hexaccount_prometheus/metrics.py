import logging
import os
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from hexaccount.kernel.metrics import MetricDefinition, MetricKind, Metrics

Record: TypeAlias = Callable[[float], object]
_Series: TypeAlias = tuple[MetricDefinition, tuple[str, ...]]

_log = logging.getLogger("hexaccount.metrics")

_MODES: dict[MetricKind, Literal["livesum", "livemin", "livemostrecent"]] = {
    MetricKind.SUM: "livesum",
    MetricKind.MIN: "livemin",
    MetricKind.LATEST: "livemostrecent",
}
_LIVE = re.compile(r"gauge_live\w+_(\d+)\.db")

# For a single process the library would export the start time of each counter as a further series.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there


class _Collector(MultiProcessCollector):
    """Passes over files that another process has created and not written yet, at which the library raises."""

    def collect(self) -> Iterable[Metric]:
        written = [str(file) for file in Path(self._path).glob("*.db") if _size(file)]
        metrics: Iterable[Metric] = self.merge(written)  # type: ignore[no-untyped-call]  # not annotated there
        return metrics


class PrometheusMetrics(Metrics):
    """Stores metrics in files, a few per process, so that any process can export those of all.

    PROMETHEUS_MULTIPROC_DIR names their directory and has to be set before the library is imported. Without it a
    process exports only its own metrics.
    https://prometheus.github.io/client_python/multiprocess/
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._lock = threading.Lock()
        self._instruments: dict[MetricDefinition, Counter | Gauge | Histogram] = {}
        # A request records several values: each finds its instrument with one lookup.
        self._recorders: dict[_Series, Record] = {}
        self._callbacks: dict[_Series, Callable[[], float]] = {}
        self._last_counts: dict[_Series, float] = {}

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        self._bind(measure, labels)

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        (self._recorders.get((measure, labels)) or self._bind(measure, labels))(amount)

    def observe(self, measure: MetricDefinition, value: float, *labels: str) -> None:
        (self._recorders.get((measure, labels)) or self._bind(measure, labels))(value)

    def set(self, measure: MetricDefinition, value: float, *labels: str) -> None:
        (self._recorders.get((measure, labels)) or self._bind(measure, labels))(value)

    def observe_callback(self, measure: MetricDefinition, callback: Callable[[], float], *labels: str) -> None:
        self._callbacks[measure, labels] = callback

    def run_callbacks(self) -> None:
        """Record the values of all callbacks; one that raises is logged and removed."""
        for series, callback in list(self._callbacks.items()):
            try:
                self._record(*series, callback())
            except Exception:  # noqa: BLE001 - the other callbacks must run
                _log.exception("%s is not exported any more, as its callback failed", series[0].name)
                del self._callbacks[series]

    def exposition(self) -> bytes:
        """Return the metrics of all processes in the text format of Prometheus."""
        if self._directory is None:
            return generate_latest(self.registry)
        _remove_dead_processes(self._directory)
        registry = CollectorRegistry()
        _Collector(registry, path=self._directory)  # type: ignore[no-untyped-call]  # not annotated in the library
        return generate_latest(registry)

    def _record(self, measure: MetricDefinition, labels: tuple[str, ...], value: float) -> None:
        if measure.kind is MetricKind.COUNT:
            last = self._last_counts.get((measure, labels), 0.0)
            self._last_counts[measure, labels] = value
            self.add(measure, value - last, *labels)
        else:
            self.set(measure, value, *labels)

    def _bind(self, measure: MetricDefinition, labels: tuple[str, ...]) -> Record:
        with self._lock:
            instrument = self._instruments.get(measure) or self._make(measure)
            series = instrument.labels(*labels) if labels else instrument
            record = self._recorders[measure, labels] = _record_method(series)
            return record

    def _make(self, measure: MetricDefinition) -> Counter | Gauge | Histogram:
        name, text, labels, registry = measure.name, measure.help, measure.labels, self.registry
        instrument: Counter | Gauge | Histogram
        if measure.kind is MetricKind.COUNT:
            instrument = Counter(name, text, labels, registry=registry)
        elif measure.kind is MetricKind.DISTRIBUTION:
            instrument = Histogram(name, text, labels, registry=registry, buckets=measure.buckets)
        else:
            instrument = Gauge(name, text, labels, registry=registry, multiprocess_mode=_MODES[measure.kind])
        self._instruments[measure] = instrument
        return instrument


def _record_method(instrument: Counter | Gauge | Histogram) -> Record:
    match instrument:
        case Counter():
            return instrument.inc
        case Gauge():
            return instrument.set
        case Histogram():
            return instrument.observe


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # its process has ended since
        return 0


def _remove_dead_processes(directory: str) -> None:
    """Remove the gauges of processes that were killed and could not do so themselves."""
    for file in Path(directory).glob("gauge_live*.db"):
        found = _LIVE.fullmatch(file.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            with suppress(FileNotFoundError):  # another process removes it at the same time
                mark_process_dead(int(found[1]), directory)  # type: ignore[no-untyped-call]  # not annotated there
