"""What surrounds Flask at every request: observers, the request id, and the headers of every response."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.cors import CorsPolicy, HeaderList
from hexaccount.kernel.network import wide_network_of
from hexaccount_flask.web.client_addresses import ClientAddresses
from hexaccount_flask.web.headers import STANDARD_HEADERS, request_id_of, traceparent_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Responder: TypeAlias = Callable[["RequestContext", WSGIEnvironment, StartResponse], Iterable[bytes]]

REQUEST_CONTEXT = "hexaccount.request_context"
"""The key of a request's context in its WSGI environment."""

# Those of RFC 9110 and RFC 5789.
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


def known_method(text: str) -> str:
    """Return a request's method, or `_OTHER` for one that HTTP does not define (OpenTelemetry's convention)."""
    return text if text in _METHODS else "_OTHER"


@dataclass(slots=True)
class RequestContext:
    """One request and its outcome.

    method: one of HTTP's, or `_OTHER`.
    traceparent: the client's; an observer may replace it by its own, which all effects of the request then carry.
    network: the client's /24, or /48 of IPv6; None where it has no address.
    route: the template of the path, never the path itself; empty where none matches. Set with the response.
    status: set with the response.
    code: that of the problem, set with the response.
    """

    method: str
    request_id: str
    traceparent: str | None
    network: str | None = None
    route: str = ""
    status: int = 500
    code: str = ""


RequestObserver: TypeAlias = Callable[[RequestContext], AbstractContextManager[None]]
"""Returns a context manager that is open while a request is answered; it must be quick, and never fail."""

_STANDARD = [(name.lower(), (name, value)) for name, value in STANDARD_HEADERS]


class RequestMiddleware:
    """What is the same for every request: observers, request id and trace as the cause of all effects, headers.

    It is WSGI around Flask and not a pair of Flask hooks, so that the cause holds for Flask's own error handling too.
    Appending to a list also costs a tenth of setting headers on a response.
    """

    def __init__(
        self,
        inner: "WSGIApplication",
        cors: CorsPolicy,
        clients: ClientAddresses,
        observers: Sequence[RequestObserver] = (),
    ) -> None:
        """Wrap an application; the first observer is the outermost."""
        self._inner = inner
        self._cors = cors
        self._clients = clients
        self._respond: _Responder = self._call_inner
        for observe in reversed(observers):
            self._respond = _observed_by(observe, self._respond)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        address = self._clients.client_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        context = RequestContext(
            known_method(environ["REQUEST_METHOD"]),
            request_id_of(environ.get("HTTP_X_REQUEST_ID")),
            traceparent_of(environ.get("HTTP_TRACEPARENT")),
            wide_network_of(address),
        )
        return self._respond(context, environ, start_response)

    def _call_inner(
        self, context: RequestContext, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request_id = ("X-Request-ID", context.request_id)
        origin = environ.get("HTTP_ORIGIN")
        preflight = self._cors.preflight(
            environ["REQUEST_METHOD"], origin, environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        )
        if preflight is not None:
            context.status = 204
            start_response("204 No Content", [*preflight, request_id, *STANDARD_HEADERS])
            return []
        added = [request_id, *self._cors.headers(origin)]

        def start(status: str, headers: HeaderList, *error: Any) -> Any:
            context.status = int(status[:3])
            present = {name.lower() for name, _ in headers}
            missing = [header for name, header in _STANDARD if name not in present]
            return start_response(status, [*headers, *added, *missing], *error)

        environ[REQUEST_CONTEXT] = context
        cause = Cause(
            actor=None,
            network=context.network,
            request_id=context.request_id,
            traceparent=context.traceparent,
        )
        with caused_by(cause):
            return self._inner(environ, start)


def _observed_by(observe: RequestObserver, respond: "_Responder") -> "_Responder":
    """Return a responder inside an observer's context; an ExitStack would cost more than the observers."""

    def observed(
        context: RequestContext, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        with observe(context):
            return respond(context, environ, start_response)

    return observed
