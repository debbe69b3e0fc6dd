from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from hexaccount_prometheus.metrics import PrometheusMetrics


@contextmanager
def endpoint(metrics: PrometheusMetrics, host: str, port: int) -> Iterator[int]:
    """Tell the figures of this process over HTTP, under any path, while the block runs; give it the port.

    Port 0 is a free one. Raises OSError where the address cannot be had.
    """
    server, thread = start_http_server(port, host, registry=metrics.registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
