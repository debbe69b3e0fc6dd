import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request as WerkzeugRequest

from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_flask.web.bodies import LONGEST_BODY
from hexaccount_flask.web.errors import PROBLEM_TYPES
from hexaccount_flask.web.headers import PROBLEM
from hexaccount_flask.web.inputs import Services
from hexaccount_flask.web.middleware import REQUEST_CONTEXT, RequestContext
from hexaccount_flask.web.openapi_texts import TAGS
from hexaccount_flask.web.operations import IncompleteOperation, Operation, Routes
from hexaccount_flask.web.problems import Problem, RequestRefused
from hexaccount_flask.web.rate_limits import add_rate_limit_headers, report_rate_limit

_log = logging.getLogger("hexaccount.http")


class HttpApplication(Flask):
    """Flask with operations, and without what an API of plain functions, one host and no cookies does not need.

    A bare route costs about a fifth less.
    """

    def __init__(self, services: Services) -> None:
        """Create an application whose views work with `services`, by their types."""
        super().__init__("hexaccount_flask", static_folder=None, template_folder=None)
        self.config.update(MAX_CONTENT_LENGTH=LONGEST_BODY, PROVIDE_AUTOMATIC_OPTIONS=False)
        self.session_interface = _NoSessions()
        # Only the exact path matches: redirects lose bodies.
        self.url_map.merge_slashes = False
        self.register_error_handler(Exception, self._respond_to_error)
        self.after_request(add_rate_limit_headers)
        self.problem_types = dict(PROBLEM_TYPES)
        self.tags = dict(TAGS)
        self._services = services
        self._operations: dict[str, Operation] = {}

    def add_routes(self, routes: Routes) -> None:
        """Add the operations of a capability, each with its name as the endpoint; raises IncompleteOperation."""
        self.problem_types |= routes.problem_types
        self.tags |= routes.tags
        for operation in routes.operations:
            if operation.name in self._operations:
                raise IncompleteOperation(operation.name, "a name of its own")
            if operation.tag not in self.tags:
                raise IncompleteOperation(operation.name, f"what its tag {operation.tag} means")
            view = operation.bound(self._services)
            self.add_url_rule(operation.path, operation.name, view, methods=[operation.method])
            self._operations[operation.name] = operation

    def operation_of(self, endpoint: str) -> Operation:
        """Return the operation of an endpoint; raises IncompleteOperation."""
        if endpoint not in self._operations:
            raise IncompleteOperation(endpoint, "an operation")
        return self._operations[endpoint]

    def problem_of(self, error: Exception) -> Problem:
        """Return the problem that an error is shown as, by the most specific of its types that has one."""
        if isinstance(error, RequestRefused):
            return error.problem
        known = next(kind for kind in type(error).__mro__ if kind in self.problem_types)
        return self.problem_types[known].problem_of(error)

    def _respond_to_error(self, error: Exception) -> Response:
        """Return the response to a request that ended with an error; an unexpected one is logged and not shown."""
        context: RequestContext = request.environ[REQUEST_CONTEXT]
        problem = self.problem_of(error)
        if isinstance(error, WrongCredentials | WrongPassword | TooManyAttempts):
            report_rate_limit(error.limit_status)
        if problem.status == 500:
            # The path is not logged because ids are in it.
            where = f"{request.method} {context.route or '(no route)'}"
            _log.error("%s failed, request %s", where, context.request_id, exc_info=error)
        elif problem.code == "unavailable":
            _log.warning("%s: %s, request %s", type(error).__name__, error, context.request_id)
        context.code = problem.code
        body = problem.body(context.request_id)
        return Response(body, problem.status, headers=problem.headers, content_type=PROBLEM)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match the exact path and method, and no host; raises HTTPException.

        Flask would validate and encode the host's name, twice. Werkzeug takes `//metrics` for `/metrics`, which passes
        a proxy that forbids that, and `get` for GET (RFC 9110, 9.1: methods are case-sensitive).
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
        """Set the route that observers see, and call the view."""
        if request.url_rule is not None:
            request.environ[REQUEST_CONTEXT].route = request.url_rule.rule
        return super().dispatch_request()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged: Flask would check at every call whether it is a coroutine."""
        return func


class _NoSessions(SessionInterface):
    """Replaces Flask's sessions, which live in cookies, by one empty session for all requests."""

    _none = NullSession()

    def open_session(self, app: Flask, request: WerkzeugRequest) -> NullSession:  # noqa: ARG002 - Flask's signature
        return self._none
