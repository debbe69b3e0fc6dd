"""Classes of requests, each with threads of its own (bulkheads), so that slow requests delay only their class."""

from collections.abc import Callable

from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.operations import RequestClass


def request_class_finder(app: HttpApplication) -> Callable[[str, str], RequestClass]:
    """Return the function from a method and a decoded path to the request class; raises IncompleteOperation.

    A route with a variable part is found by its beginning, which may send some requests without a route to a slow
    class. The other way round would let slow requests into the default class. So paths are read as leniently as
    Werkzeug reads them: leading slashes count as one, methods in any case.
    """
    exact: dict[tuple[str, str], RequestClass] = {}
    beginnings: dict[str, RequestClass] = {}
    for rule in app.url_map.iter_rules():
        found = app.operation_of(rule.endpoint).request_class
        if not rule.arguments:
            exact.update({(method, rule.rule): found for method in rule.methods or ()})
        elif found != "default":
            beginnings[rule.rule.partition("<")[0]] = found

    def request_class_of(method: str, path: str) -> RequestClass:
        path = f"/{path.lstrip('/')}"
        if (found := exact.get((method.upper(), path))) is not None:
            return found
        return next((slow for beginning, slow in beginnings.items() if path.startswith(beginning)), "default")

    return request_class_of
