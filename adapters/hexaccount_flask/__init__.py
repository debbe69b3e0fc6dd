"""The HTTP side as a Flask application: JSON in, JSON out, problem+json for every error.

`web` holds what is the same for all routes; each other module holds the routes of a capability. `create_app` builds the
application, which uses nothing but the bus and the services it is given. `request_class_finder` selects the threads of
a request, and `render_problem` lets the server in front of Flask refuse a request in the same form.
"""

from hexaccount_flask.app import create_app
from hexaccount_flask.observability import RequestMetrics
from hexaccount_flask.web.headers import new_request_id
from hexaccount_flask.web.operations import IncompleteOperation, RequestClass, Routes
from hexaccount_flask.web.problems import render_problem
from hexaccount_flask.web.request_classes import request_class_finder

__all__ = [
    "IncompleteOperation",
    "RequestClass",
    "RequestMetrics",
    "Routes",
    "create_app",
    "new_request_id",
    "render_problem",
    "request_class_finder",
]
