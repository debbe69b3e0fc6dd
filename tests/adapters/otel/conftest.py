from collections.abc import Callable, Iterator, Sequence

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hexaccount_otel import Traces
from tests.servers.otlp import OtlpReceiver


class Collected:
    """Traces, and the spans that a collector received from them."""

    def __init__(self, collector: OtlpReceiver, ratio: float) -> None:
        self.traces = Traces(collector.url, ratio=ratio)
        self._collector = collector
        self._open = True

    def spans(self) -> Sequence[Span]:
        """Close the traces, and return all spans by start time."""
        self.close()
        return sorted(self._collector.spans, key=lambda span: span.start_time_unix_nano)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.traces.close()


@pytest.fixture
def collect() -> Iterator[Callable[..., Collected]]:
    """Return a function that creates traces with a collector."""
    created: list[Collected] = []
    with OtlpReceiver() as collector:

        def create(ratio: float = 1.0) -> Collected:
            created.append(Collected(collector, ratio))
            return created[-1]

        yield create
        for each in created:
            each.close()


@pytest.fixture
def collected(collect: Callable[..., Collected]) -> Collected:
    return collect()
