"""The address of a client, which a trusted proxy may report."""

from typing import Annotated, Protocol, TypeAlias

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


def client_address_reader(services: Services) -> Reader:
    """Return the function that returns the client's address."""
    addresses: ClientAddresses = services[ClientAddresses]
    return lambda request: addresses.client_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


ClientAddress: TypeAlias = Annotated[str, HiddenParameter(client_address_reader)]
"""The client's address, which a trusted proxy may report."""
