from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_CUSTOMER_BITS = 56
_SHARE = 16
_LEAST = 100


@lru_cache(4096)
def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, mapped or not, or the /56 of an IPv6 address.

    That is what many customers get (RFC 6177), so counting addresses or each /64 would count nothing. What is no
    address is returned as it is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _CUSTOMER_BITS), strict=False))


@lru_cache(4096)
def wide_network_of(address: str) -> str | None:
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


def share_of_network(connections: int) -> int:
    """Return how many of a process's connections one network may have: a sixteenth, and 100 in any case."""
    return max(_LEAST, connections // _SHARE)
