"""Which IP addresses are public, and which belong to private networks."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# RFC 9637; the tables of Python before 3.13 lack it.
_DOCUMENTATION = IPv6Network("3fff::/20")


def is_public(text: str) -> bool:
    """Return whether an IP address, with or without a scope, is globally reachable unicast; raises ValueError.

    An IPv6 address that packets leave for an IPv4 address (mapped, NAT64, 6to4) is as public as the latter.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    embedded = _embedded_in(address)
    if embedded is not None:
        return is_public(str(embedded))
    return address in _UNICAST and address.is_global and address not in _DOCUMENTATION


def _embedded_in(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
