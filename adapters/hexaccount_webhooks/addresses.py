"""Which addresses are those of the internet, and which lead into somebody's own network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Newer than some of the tables of Python that this runs on.
_DOCUMENTATION = IPv6Network("3fff::/20")


def is_public(text: str) -> bool:
    """Tell whether an address, as a socket names it, is a host's on the internet; raises ValueError for none."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    embedded = _embedded_in(address)
    if embedded is not None:
        return is_public(str(embedded))
    return address in _UNICAST and address.is_global and address not in _DOCUMENTATION


def _embedded_in(address: IPv6Address) -> IPv4Address | None:
    """Return the address of IPv4 where packets to one of IPv6 end."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
