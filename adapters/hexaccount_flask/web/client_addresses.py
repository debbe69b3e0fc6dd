"""The address of a client, which a trusted proxy may report."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
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


@lru_cache(4096)
def network_of_client(address: str) -> str | None:
    """Return the /24 of an IPv4 address, or the /48 of an IPv6 address: many people share it, so it names nobody.

    Returns None for what is no address.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))
