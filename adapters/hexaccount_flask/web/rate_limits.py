"""Rate limits of requests, and the headers that report them (draft-ietf-httpapi-ratelimit-headers)."""

from collections.abc import Callable

from flask import Request, Response, g

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.rate_limit import RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.sessions.authenticate import Principal
from hexaccount_flask.web.client_addresses import client_address_reader
from hexaccount_flask.web.inputs import Services


def permit_of_client(policy: RateLimitPolicy, services: Services) -> Callable[[Request], None]:
    """Return the function that counts a request of a client's network by `policy`; raises TooManyAttempts."""
    bus: MessageBus = services[MessageBus]
    client_address = client_address_reader(services)

    def admit(request: Request) -> None:
        report_rate_limit(bus.handle(AcquirePermit(policy=policy, client_address=client_address(request))))

    return admit


def permit_of_account(policy: RateLimitPolicy, services: Services) -> Callable[[Principal], None]:
    """Return the function that counts a request of an account by `policy`; raises TooManyAttempts."""
    bus: MessageBus = services[MessageBus]

    def admit(caller: Principal) -> None:
        report_rate_limit(bus.handle(AcquirePermit(policy=policy, user_id=caller.user.id)))

    return admit


def report_rate_limit(status: RateLimitStatus | None) -> None:
    """Add the status of a limit to the response of the current request; None where nothing is limited."""
    g.hexaccount_rate_limit = status


def add_rate_limit_headers(response: Response) -> Response:
    """Add the headers of the status that was reported, if one was."""
    status: RateLimitStatus | None = g.get("hexaccount_rate_limit")
    if status is not None:
        name = f'"{status.policy}"'
        response.headers["RateLimit-Policy"] = f"{name};q={status.quota};w={status.window}"
        response.headers["RateLimit"] = f"{name};r={status.remaining};t={status.wait}"
    return response
