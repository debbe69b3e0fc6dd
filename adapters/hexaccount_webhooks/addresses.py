"""Which IP addresses are public: own tables, since those of Python's `ipaddress` differ by its version."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# The blocks of https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. Also those that are globally
# reachable, such as the anycast addresses in 192.0.0.0/24: the next router may answer them, but no receiver of events.
_SPECIAL_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
# All that is allocated as global unicast, but for the blocks of
# https://www.iana.org/assignments/iana-ipv6-special-registry in it; 2001::/32 is Teredo.
_UNICAST = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Return whether an IP address, with or without a scope, is public unicast; raises ValueError.

    An IPv6 address that packets leave for an IPv4 address (mapped, NAT64, 6to4) is as public as the latter.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _SPECIAL_IPV4)
    embedded = _embedded_in(address)
    if embedded is not None:
        return is_public(str(embedded))
    return address in _UNICAST and not any(address in block for block in _SPECIAL_IPV6)


def _embedded_in(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
