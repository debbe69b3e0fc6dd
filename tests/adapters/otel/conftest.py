from collections.abc import Callable, Iterator, Sequence

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hexaccount_otel import Traces
from tests.servers.otlp import OtlpReceiver


class Collected:
    """Traces, and what a collector got of them once they were closed."""

    def __init__(self, collector: OtlpReceiver, ratio: float) -> None:
        self.traces = Traces(collector.url, ratio=ratio)
        self._collector = collector
        self._open = True

    def spans(self) -> Sequence[Span]:
        """Close the traces, and return all spans in the order in which they began."""
        self.close()
        return sorted(self._collector.spans, key=lambda span: span.start_time_unix_nano)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.traces.close()


@pytest.fixture
def collect() -> Iterator[Callable[..., Collected]]:
    """Make traces with a collector."""
    made: list[Collected] = []
    with OtlpReceiver() as collector:

        def make(ratio: float = 1.0) -> Collected:
            made.append(Collected(collector, ratio))
            return made[-1]

        yield make
        for one in made:
            one.close()


@pytest.fixture
def collected(collect: Callable[..., Collected]) -> Collected:
    return collect()
