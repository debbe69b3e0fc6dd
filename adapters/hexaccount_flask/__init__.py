"""The HTTP side as a Flask application: JSON in, JSON out, problem+json for every error.

It is built by `create_app` and speaks to nothing but the bus it is given. `lane_finder` tells whoever hosts it which
class of threads a request belongs to, and `render_problem` lets them refuse a request in the same form as we do.
"""

from hexaccount_flask.app import create_app
from hexaccount_flask.headers import new_request_id
from hexaccount_flask.lanes import Lane, UnmarkedView, lane_finder
from hexaccount_flask.problems import render_problem
from hexaccount_flask.request_figures import RequestFigures

__all__ = ["Lane", "RequestFigures", "UnmarkedView", "create_app", "lane_finder", "new_request_id", "render_problem"]
