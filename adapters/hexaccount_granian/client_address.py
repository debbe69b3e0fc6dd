import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_LONGEST = 64  # characters, so that parsed addresses can be cached
# No `%`: a zone names an interface of one machine, in any characters at all.
_ENTRY = re.compile(r"\[(?P<bracketed>[^]%]+)\](:[0-9]+)?|(?P<host>[^:%]+)(:[0-9]+)?|(?P<bare>[^%]+)")


class ClientAddresses:
    """Finds the address of a client, which only trusted proxies may report."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        """Take the setting `http.trusted_proxies`: networks such as `10.0.0.0/8`. Raises ValueError."""
        try:
            self._trusted = [ip_network(network, strict=False) for network in trusted_proxies]
        except ValueError as error:
            raise ValueError(f"http.trusted_proxies: {error}; give addresses or networks, such as 10.0.0.0/8") from None

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """Return the address of the client behind `peer`.

        Each proxy appends the address of its own peer to X-Forwarded-For. The list is read from its end as long as the
        writer of an entry is a trusted proxy; an entry that is no address ends the search.
        """
        address = _parse(peer)
        if address is None:
            return peer
        for entry in map(str.strip, reversed(forwarded_for.split(","))):
            behind = _parse(entry) if len(entry) <= _LONGEST and self._is_trusted(address) else None
            if behind is None:
                break
            address = behind
        return str(address)

    def is_trusted(self, peer: str) -> bool:
        """Tell whether a peer is a trusted proxy, which may report what its client requested."""
        address = _parse(peer)
        return address is not None and self._is_trusted(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


@lru_cache(4096)
def _parse(text: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`."""
    found = _ENTRY.fullmatch(text)
    if found is None:
        return None
    try:
        address = ip_address(found["bracketed"] or found["bare"] or found["host"])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
