"""A collector of traces for tests, which stores what it receives."""

import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_PATIENCE = 30.0


class OtlpReceiver:
    """Receives OTLP over HTTP on a free port while its block runs."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self.resources: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces"
                receiver.receive(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The setting `tracing.endpoint`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> Sequence[Span]:
        """All spans so far."""
        return list(self._spans)

    def receive(self, request: ExportTraceServiceRequest) -> None:
        """Store the spans of a request."""
        for resource in request.resource_spans:
            self.resources.append(attributes_of(resource.resource))
            for scope in resource.scope_spans:
                self._spans.extend(scope.spans)

    def wait_for(self, condition: Callable[[Sequence[Span]], bool]) -> Sequence[Span]:
        """Return all spans once they fulfil the condition; fails after 30 s."""
        deadline = time.monotonic() + _PATIENCE
        while not condition(found := self.spans):
            assert time.monotonic() < deadline, f"there are only {sorted(span.name for span in found)}"
            time.sleep(0.05)
        return found


def attributes_of(owner: Any) -> dict[str, Any]:
    """Return the attributes of a span or a resource."""
    found: dict[str, Any] = {}
    for attribute in owner.attributes:
        kind = attribute.value.WhichOneof("value")
        value = getattr(attribute.value, kind)
        found[attribute.key] = [one.string_value for one in value.values] if kind == "array_value" else value
    return found
