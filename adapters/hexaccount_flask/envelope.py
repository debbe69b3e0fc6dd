from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hexaccount.application.causation import Cause, caused_by
from hexaccount_flask.cors import CorsPolicy, HeaderList
from hexaccount_flask.headers import ALWAYS, request_id_of, traceparent_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Envelope:
    """What is the same for every request: its id and trace as the cause of all it does, and the constant headers.

    It is WSGI around Flask and not a pair of Flask hooks, so that the cause holds for Flask's own error handling too,
    and because appending to a list costs a tenth of setting headers on a response.
    """

    def __init__(self, inner: "WSGIApplication", cors: CorsPolicy) -> None:
        """Take what answers the requests, and what other origins may do."""
        self._inner = inner
        self._cors = cors

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        preflight = self._cors.preflight(environ)
        if preflight is not None:
            start_response("204 No Content", [*preflight, ("X-Request-ID", request_id), *ALWAYS.values()])
            return []
        ours = [("X-Request-ID", request_id), *self._cors.headers(environ)]

        def start(status: str, headers: HeaderList, *error: Any) -> Any:
            return start_response(status, [*headers, *ours, *_missing(headers)], *error)

        with caused_by(Cause(request_id, traceparent_of(environ.get("HTTP_TRACEPARENT")))):
            return self._inner(environ, start)


def _missing(headers: HeaderList) -> HeaderList:
    present = {name.lower() for name, _ in headers}
    return [header for name, header in ALWAYS.items() if name not in present]
