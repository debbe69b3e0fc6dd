import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

_HOST = re.compile(r"(?:\[(?P<address>[^]%]+)\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?")
_LONGEST = 300  # characters, so that results can be cached: a name has 253 at most (RFC 1035, 2.3.4)


def is_host(text: str) -> bool:
    """Return whether a Host header (RFC 9110, 7.2) has a name or an address, and a port if any.

    RFC 3986 permits nearly every character in a name; those of domain names are enough for a service.
    """
    return len(text) <= _LONGEST and _is_host(text)


@lru_cache(256)
def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 0) > 65_535:
        return False
    try:
        return not found["address"] or bool(IPv6Address(found["address"]))
    except AddressValueError:
        return False
