"""Limits on requests, and the headers that tell clients of them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, g, request

from hexaccount.application.admit_request import AdmitRequest
from hexaccount.application.bus import Bus
from hexaccount.application.client_address import ClientAddresses
from hexaccount.application.limit_table import Policy
from hexaccount.domain.standing import Standing

_MARK = "hexaccount_limit"

P = ParamSpec("P")
R = TypeVar("R")


class RouteLimits:
    """Counts the requests of each client before their view does any work."""

    def __init__(self, bus: Bus, addresses: ClientAddresses) -> None:
        """Take who counts, and who tells where a request comes from."""
        self._bus = bus
        self._addresses = addresses

    def client_address(self) -> str:
        """Return the address of the client of the request in hand."""
        return self._addresses.client_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))

    def limited(self, policy: Policy) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Have requests for a view admitted as `policy` of the limit table says; TooManyAttempts answers the others."""

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def admitted(*args: P.args, **kwargs: P.kwargs) -> R:
                tell(self._bus.handle(AdmitRequest(policy=policy, client_address=self.client_address())))
                return view(*args, **kwargs)

            setattr(admitted, _MARK, policy)
            return admitted

        return decorate


def limit_of(view: Callable[..., object]) -> Policy | None:
    """Return the policy by which requests for a view are admitted, None where all are."""
    return getattr(view, _MARK, None)


def tell(standing: Standing | None) -> None:
    """Have the answer to the request in hand tell how its client stands."""
    g.hexaccount_standing = standing


def add_limit_headers(response: Response) -> Response:
    """Add what draft-ietf-httpapi-ratelimit-headers says of the limit that was met, if one was."""
    standing: Standing | None = g.get("hexaccount_standing")
    if standing is not None:
        name = f'"{standing.policy}"'
        response.headers["RateLimit-Policy"] = f"{name};q={standing.quota};w={standing.window}"
        response.headers["RateLimit"] = f"{name};r={standing.remaining};t={standing.wait}"
    return response
