import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import start_http_server

from hexaccount_prometheus.metrics import PrometheusMetrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_ALLOW = "GET, HEAD"


@contextmanager
def endpoint(metrics: PrometheusMetrics, host: str, port: int) -> Iterator[int]:
    """Tell the figures of this process over HTTP, at `/metrics`, while the block runs; give it the port.

    Port 0 is a free one. Raises OSError where the address cannot be had.
    """
    server, thread = start_http_server(port, host, registry=metrics.registry)
    # The library's own tells them at every path, so that whoever asked for /ready would find it so.
    server.set_app(_at_its_path(server.get_app()))
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _at_its_path(figures: "WSGIApplication | None") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if figures is None or environ["PATH_INFO"] != "/metrics":
            return _refuse(start_response, "404 Not Found", "not_found", "there is nothing at this path but /metrics")
        if environ["REQUEST_METHOD"] not in _ALLOW.split(", "):
            refusal = ("405 Method Not Allowed", "method_not_allowed", f"this path takes {_ALLOW}", ("Allow", _ALLOW))
            return _refuse(start_response, *refusal)
        told = figures({**environ, "REQUEST_METHOD": "GET"}, start_response)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else told

    return answer


def _refuse(
    start_response: "StartResponse", status: str, code: str, detail: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    told = {"type": f"urn:hexaccount:problem:{code}", "status": int(status[:3]), "code": code, "detail": detail}
    start_response(status, [("Content-Type", "application/problem+json"), *headers])
    return [json.dumps(told).encode()]
