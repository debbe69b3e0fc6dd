from collections.abc import Callable
from typing import Any

from flask import Flask, Request, request
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request as WerkzeugRequest

from hexaccount_flask.exchange import EXCHANGE


class HttpApplication(Flask):
    """Flask without what an API of plain functions, one host and no cookies pays for at every request.

    Of what a bare route costs, this saves about a fifth.
    """

    def __init__(self) -> None:
        super().__init__("hexaccount_flask", static_folder=None, template_folder=None)
        self.session_interface = _NoSessions()
        # A path is found as it is written or not at all: redirects lose bodies.
        self.url_map.merge_slashes = False

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match by path and method alone, as they are written; raises HTTPException.

        Flask would validate and encode the name of the host, twice. Werkzeug takes `//metrics` for `/metrics`, which
        passes a proxy that forbids that, and `get` for GET (RFC 9110, 9.1: methods are case-sensitive).
        """
        if request is None:
            return super().create_url_adapter(None)
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        adapter = self.url_map.bind("", path_info=request.path, default_method=request.method)
        if request.environ["REQUEST_METHOD"] != request.method:
            allowed = list(adapter.allowed_methods())
            raise MethodNotAllowed(allowed) if allowed else NotFound
        return adapter

    def dispatch_request(self) -> ResponseReturnValue:
        """Tell those who watch which route it is, and answer."""
        if request.url_rule is not None:
            request.environ[EXCHANGE].route = request.url_rule.rule
        return super().dispatch_request()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: Flask would ask of each, each time, whether it is a coroutine."""
        return func


class _NoSessions(SessionInterface):
    """Flask's sessions live in cookies, of which we have none; one empty stand-in serves all requests."""

    _none = NullSession()

    def open_session(self, app: Flask, request: WerkzeugRequest) -> NullSession:  # noqa: ARG002 - Flask's signature
        return self._none
