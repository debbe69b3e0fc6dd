"""What is counted of the requests."""

from time import perf_counter
from types import TracebackType

from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import HTTP_REQUESTS
from hexaccount_flask.exchange import Exchange


class RequestFigures:
    """Watches requests, and takes down of each its route, method and status, and how long it took."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, exchange: Exchange) -> "_Watch":
        """Return what lasts for as long as one request is being answered."""
        return _Watch(self._metrics, exchange)


class _Watch:
    __slots__ = ("_began", "_exchange", "_metrics")

    def __init__(self, metrics: Metrics, exchange: Exchange) -> None:
        self._metrics = metrics
        self._exchange = exchange

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        exchange = self._exchange
        self._metrics.observe(
            HTTP_REQUESTS,
            perf_counter() - self._began,
            exchange.route or "unmatched",
            exchange.method,
            str(exchange.status),
        )
