"""Which class of threads a request belongs to, so that slow requests hold up none but their own kind."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, cast

from flask import Flask

Lane: TypeAlias = Literal["password", "drawing", "vital", "readiness", "quick"]

V = TypeVar("V", bound=Callable[..., Any])

_MARK = "hexaccount_lane"


class UnmarkedView(TypeError):
    """A view that does not say in which lane it runs; mark it with `runs_in`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"the view {endpoint} does not say in which lane it runs; mark it with runs_in")


def runs_in(lane: Lane) -> Callable[[V], V]:
    """Mark a view with its lane.

    `password` waits for a hash, `drawing` paints, `vital` is what an operator asks, and `readiness` what waits for the
    store when they do.
    """

    def mark(view: V) -> V:
        setattr(view, _MARK, lane)
        return view

    return mark


def lane_finder(app: Flask) -> Callable[[str, str], Lane]:
    """Return the function that tells the lane of a method and a decoded path; raises UnmarkedView.

    Routes with a variable part are told by what stands before it, which may send some requests for nothing to a slow
    lane. The other way round would let slow requests into the quick one, so paths are read as leniently as Werkzeug
    reads them: leading slashes count as one, methods in any case.
    """
    exact: dict[tuple[str, str], Lane] = {}
    beginnings: dict[str, Lane] = {}
    for rule in app.url_map.iter_rules():
        lane = _lane_of_view(app, rule.endpoint)
        if rule.arguments:
            beginning = rule.rule.partition("<")[0]
            if lane != "quick":
                beginnings[beginning] = lane
        else:
            exact.update({(method, rule.rule): lane for method in rule.methods or ()})

    def lane_of(method: str, path: str) -> Lane:
        path = f"/{path.lstrip('/')}"
        if (lane := exact.get((method.upper(), path))) is not None:
            return lane
        return next((slow for beginning, slow in beginnings.items() if path.startswith(beginning)), "quick")

    return lane_of


def _lane_of_view(app: Flask, endpoint: str) -> Lane:
    lane = getattr(app.view_functions[endpoint], _MARK, None)
    if lane is None:
        raise UnmarkedView(endpoint)
    return cast("Lane", lane)
