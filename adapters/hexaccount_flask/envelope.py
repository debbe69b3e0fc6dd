from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from hexaccount.kernel.causation import Cause, caused_by
from hexaccount_flask.cors import CorsPolicy, HeaderList
from hexaccount_flask.exchange import EXCHANGE, Exchange, Watcher, known_method
from hexaccount_flask.headers import ALWAYS, request_id_of, traceparent_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Answer: TypeAlias = Callable[[Exchange, WSGIEnvironment, StartResponse], Iterable[bytes]]


class Envelope:
    """What is the same for every request: who watches it, its id and trace as the cause of all it does, some headers.

    It is WSGI around Flask and not a pair of Flask hooks, so that the cause holds for Flask's own error handling too,
    and because appending to a list costs a tenth of setting headers on a response.
    """

    def __init__(self, inner: "WSGIApplication", cors: CorsPolicy, watchers: Sequence[Watcher] = ()) -> None:
        """Take what answers the requests, what other origins may do, and who watches, outermost first."""
        self._inner = inner
        self._cors = cors
        self._watched: _Answer = self._answer
        for watch in reversed(watchers):
            self._watched = _watched_by(watch, self._watched)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        exchange = Exchange(
            known_method(environ["REQUEST_METHOD"]),
            request_id_of(environ.get("HTTP_X_REQUEST_ID")),
            traceparent_of(environ.get("HTTP_TRACEPARENT")),
        )
        return self._watched(exchange, environ, start_response)

    def _answer(
        self, exchange: Exchange, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        identity = ("X-Request-ID", exchange.request_id)
        preflight = self._cors.preflight(environ)
        if preflight is not None:
            exchange.status = 204
            start_response("204 No Content", [*preflight, identity, *ALWAYS.values()])
            return []
        ours = [identity, *self._cors.headers(environ)]

        def start(status: str, headers: HeaderList, *error: Any) -> Any:
            exchange.status = int(status[:3])
            return start_response(status, [*headers, *ours, *_missing(headers)], *error)

        environ[EXCHANGE] = exchange
        with caused_by(Cause(exchange.request_id, exchange.traceparent)):
            return self._inner(environ, start)


def _watched_by(watch: Watcher, answer: "_Answer") -> "_Answer":
    """Return what answers while somebody looks on; an ExitStack would cost more than who looks on."""

    def watched(exchange: Exchange, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with watch(exchange):
            return answer(exchange, environ, start_response)

    return watched


def _missing(headers: HeaderList) -> HeaderList:
    present = {name.lower() for name, _ in headers}
    return [header for name, header in ALWAYS.items() if name not in present]
