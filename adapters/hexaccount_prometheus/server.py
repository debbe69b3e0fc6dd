import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import make_wsgi_app

from hexaccount_prometheus.bounded_server import BoundedServer
from hexaccount_prometheus.metrics import PrometheusMetrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_ALLOW = "GET, HEAD"


@contextmanager
def serve_metrics(metrics: PrometheusMetrics, host: str, port: int) -> Iterator[int]:
    """Serve the metrics of this process at `/metrics` during the block, and yield the port.

    Port 0 chooses a free one. Raises OSError if the address is not available.
    """
    # The library answers every path with the metrics, so a probe of /ready would succeed.
    server = BoundedServer(host, port, _only_at_metrics(make_wsgi_app(metrics.registry)))
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _only_at_metrics(metrics_app: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            return _problem(start_response, "404 Not Found", "not_found", "this server has only /metrics")
        if environ["REQUEST_METHOD"] not in _ALLOW.split(", "):
            problem = ("405 Method Not Allowed", "method_not_allowed", f"this path allows {_ALLOW}", ("Allow", _ALLOW))
            return _problem(start_response, *problem)
        body = metrics_app({**environ, "REQUEST_METHOD": "GET"}, start_response)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else body

    return answer


def _problem(
    start_response: "StartResponse", status: str, code: str, detail: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    problem = {"type": f"urn:hexaccount:problem:{code}", "status": int(status[:3]), "code": code, "detail": detail}
    start_response(status, [("Content-Type", "application/problem+json"), *headers])
    return [json.dumps(problem).encode()]
