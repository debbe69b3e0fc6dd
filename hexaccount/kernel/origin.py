"""Origins as browsers send them (HTML, "ASCII serialisation of an origin")."""

from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from hexaccount.kernel.host import is_host

_DEFAULT_PORTS = {"https": 443, "http": 80}


def origin_of(url: str) -> str | None:
    """Return the origin of a URL, None if it is none of http or https, or has a host that browsers do not connect to.

    It is in lower case, without the default port, a user or a path. A host beyond ASCII has to be in Punycode before.
    """
    try:
        parts = urlsplit(url)
        authority = parts.netloc.rpartition("@")[2]
        if parts.scheme not in _DEFAULT_PORTS or not is_host(authority):
            return None
        port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
        return f"{parts.scheme}://{_host(parts.hostname or '')}{port}"
    except ValueError:
        return None


def _host(name: str) -> str:
    """Return a host as browsers write it; raises ValueError."""
    if ":" in name:
        return f"[{IPv6Address(name)}]"
    last = name.rstrip(".").rpartition(".")[2]
    # A browser takes a name that ends with a number for an address, and writes 127.1 as 127.0.0.1.
    return str(IPv4Address(name)) if last.isdigit() or last.startswith("0x") else name
