import logging
import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from hexaccount.kernel.metrics import MetricDefinition, MetricKind, Metrics

Take: TypeAlias = Callable[[float], object]
_Series: TypeAlias = tuple[MetricDefinition, tuple[str, ...]]

_log = logging.getLogger("hexaccount.metrics")

_MODES: dict[MetricKind, Literal["livesum", "livemin", "livemostrecent"]] = {
    MetricKind.SUM: "livesum",
    MetricKind.LEAST: "livemin",
    MetricKind.LATEST: "livemostrecent",
}
_LIVE = re.compile(r"gauge_live\w+_(\d+)\.db")

# Of one process alone the library would tell for each count when it began, as a figure more.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there


class PrometheusMetrics(Metrics):
    """Keeps figures in files, a few for each process, so that any process of them tells those of all.

    The files are where PROMETHEUS_MULTIPROC_DIR says, which has to be set before the library is imported; where it is
    not, a process tells its own figures.
    https://prometheus.github.io/client_python/multiprocess/
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._lock = threading.Lock()
        self._instruments: dict[MetricDefinition, Counter | Gauge | Histogram] = {}
        # What takes a figure, found again by one look-up: this is done several times in a request.
        self._takes: dict[_Series, Take] = {}
        self._asked: dict[_Series, Callable[[], float]] = {}
        self._counted: dict[_Series, float] = {}

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        self._bind(measure, labels)

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        (self._takes.get((measure, labels)) or self._bind(measure, labels))(amount)

    def observe(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        (self._takes.get((measure, labels)) or self._bind(measure, labels))(figure)

    def set(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        (self._takes.get((measure, labels)) or self._bind(measure, labels))(figure)

    def observe_callback(self, measure: MetricDefinition, look: Callable[[], float], *labels: str) -> None:
        self._asked[measure, labels] = look

    def look(self) -> None:
        """Ask all who are to be asked, and take down what they say; who fails is not asked again."""
        for series, look in list(self._asked.items()):
            try:
                self._take_down(*series, look())
            except Exception:  # noqa: BLE001 - whoever fails, the others are to be asked, and one word of it is enough
                _log.exception("%s is not told any more", series[0].name)
                del self._asked[series]

    def told(self) -> bytes:
        """Return the figures of all processes in the text format of Prometheus."""
        if self._directory is None:
            return generate_latest(self.registry)
        _drop_those_of_the_dead(self._directory)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._directory)  # type: ignore[no-untyped-call]  # not annotated there
        return generate_latest(registry)

    def _take_down(self, measure: MetricDefinition, labels: tuple[str, ...], figure: float) -> None:
        if measure.kind is MetricKind.COUNT:
            before = self._counted.get((measure, labels), 0.0)
            self._counted[measure, labels] = figure
            self.add(measure, figure - before, *labels)
        else:
            self.set(measure, figure, *labels)

    def _bind(self, measure: MetricDefinition, labels: tuple[str, ...]) -> Take:
        with self._lock:
            instrument = self._instruments.get(measure) or self._make(measure)
            of_labels = instrument.labels(*labels) if labels else instrument
            take = self._takes[measure, labels] = _take(of_labels)
            return take

    def _make(self, measure: MetricDefinition) -> Counter | Gauge | Histogram:
        name, told, labels, registry = measure.name, measure.help, measure.labels, self.registry
        made: Counter | Gauge | Histogram
        if measure.kind is MetricKind.COUNT:
            made = Counter(name, told, labels, registry=registry)
        elif measure.kind is MetricKind.DISTRIBUTION:
            made = Histogram(name, told, labels, registry=registry, buckets=measure.buckets)
        else:
            made = Gauge(name, told, labels, registry=registry, multiprocess_mode=_MODES[measure.kind])
        self._instruments[measure] = made
        return made


def _take(instrument: Counter | Gauge | Histogram) -> Take:
    match instrument:
        case Counter():
            return instrument.inc
        case Gauge():
            return instrument.set
        case Histogram():
            return instrument.observe


def _drop_those_of_the_dead(directory: str) -> None:
    """Forget how it was with processes that were killed, and could not say that they end."""
    for file in Path(directory).glob("gauge_live*.db"):
        found = _LIVE.fullmatch(file.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            with suppress(FileNotFoundError):  # another process drops it at the same moment
                mark_process_dead(int(found[1]), directory)  # type: ignore[no-untyped-call]  # not annotated there
