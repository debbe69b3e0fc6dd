"""Rate limits of requests, and the headers that report them (draft-ietf-httpapi-ratelimit-headers)."""

from typing import Annotated, Protocol, TypeAlias

from flask import Request, Response, g

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.rate_limit import RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount_flask.web.inputs import HiddenParameter, Reader, Services


class ClientAddresses(Protocol):
    """Finds the address of a client."""

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """Return the address of the client behind `peer`, which has sent this X-Forwarded-For header."""
        ...


class PeerAddresses(ClientAddresses):
    """Takes every peer for the client itself."""

    def client_of(self, peer: str, forwarded_for: str) -> str:  # noqa: ARG002 - the protocol's signature
        return peer


def _client_address(services: Services) -> Reader:
    addresses: ClientAddresses = services[ClientAddresses]
    return lambda request: addresses.client_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


ClientAddress: TypeAlias = Annotated[str, HiddenParameter(_client_address)]
"""The client's address, which a trusted proxy may report."""


def permit(policy: RateLimitPolicy, services: Services) -> Reader:
    """Return the function that counts a request by `policy`; raises TooManyAttempts."""
    bus: MessageBus = services[MessageBus]
    client_address = _client_address(services)

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
