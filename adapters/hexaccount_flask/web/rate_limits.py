"""Rate limits of requests, and the headers that report them (draft-ietf-httpapi-ratelimit-headers)."""

from flask import Request, Response, g

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.rate_limit import RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount_flask.web.client_addresses import client_address_reader
from hexaccount_flask.web.inputs import Reader, Services


def permit(policy: RateLimitPolicy, services: Services) -> Reader:
    """Return the function that counts a request by `policy`; raises TooManyAttempts."""
    bus: MessageBus = services[MessageBus]
    client_address = client_address_reader(services)

    def admit(request: Request) -> None:
        report_rate_limit(bus.handle(AcquirePermit(policy=policy, client_address=client_address(request))))

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
