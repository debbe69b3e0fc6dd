"""Limits on requests, and the headers that tell clients of them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, g, request

from hexaccount.kernel.bus import Bus
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.policies import Policy
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus

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
                tell(self._bus.handle(AcquirePermit(policy=policy, client_address=self.client_address())))
                return view(*args, **kwargs)

            setattr(admitted, _MARK, policy)
            return admitted

        return decorate


def limit_of(view: Callable[..., object]) -> Policy | None:
    """Return the policy by which requests for a view are admitted, None where all are."""
    return getattr(view, _MARK, None)


def tell(limit_status: RateLimitStatus | None) -> None:
    """Have the answer to the request in hand tell how its client stands."""
    g.hexaccount_standing = limit_status


def add_limit_headers(response: Response) -> Response:
    """Add what draft-ietf-httpapi-ratelimit-headers says of the limit that was met, if one was."""
    limit_status: RateLimitStatus | None = g.get("hexaccount_standing")
    if limit_status is not None:
        name = f'"{limit_status.policy}"'
        response.headers["RateLimit-Policy"] = f"{name};q={limit_status.quota};w={limit_status.window}"
        response.headers["RateLimit"] = f"{name};r={limit_status.remaining};t={limit_status.wait}"
    return response
