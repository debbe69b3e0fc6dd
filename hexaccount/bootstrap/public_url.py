"""The URL at which clients reach the service, as an issuer identifier (RFC 8414, 2)."""

import posixpath
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from hexaccount.bootstrap.settings import DEFAULT_ISSUER, Settings, SettingsError

# Neither of a query or fragment, nor of a user and password; a host beyond ASCII is written as xn--….
_CHARACTERS = re.compile(r"[A-Za-z0-9:/.\[\]~_-]+")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def check_public_url(settings: Settings) -> None:
    """Raise SettingsError unless `public_url` is in the one form that verifiers compare, and the only issuer."""
    url = settings.public_url or ""
    canonical = checked_url("public_url", url)
    if url != canonical:
        raise SettingsError(f"public_url: write it as {canonical}; verifiers compare it character by character")
    if settings.jwt.issuer not in {DEFAULT_ISSUER, url}:
        raise SettingsError(
            "jwt.issuer: remove it, as public_url is the issuer now; put the former issuer into jwt.accepted_issuers "
            "until its last token has expired"
        )


def checked_url(setting: str, url: str) -> str:
    """Return the one form of a URL to which tokens may travel; raises SettingsError, which names the setting."""
    canonical = _canonical(url)
    if canonical is None:
        raise SettingsError(f"{setting}: write it as https://accounts.example.org or https://example.org/accounts")
    if canonical.startswith("http://") and not _is_loopback(canonical):
        raise SettingsError(f"{setting}: it must begin with https://, as tokens travel there; http:// is for localhost")
    return canonical


def _canonical(url: str) -> str | None:
    """Return the URL in its one form; None if it has another scheme, or a part that an issuer must not have."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or port == 0 or not _CHARACTERS.fullmatch(url):
        return None
    shown_host = f"[{host}]" if ":" in host else host.rstrip(".")
    # Clients resolve dot segments, or do not (RFC 3986, 5.2.4).
    path = posixpath.normpath(f"/{parts.path.strip('/')}").rstrip("/")
    shown_port = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{shown_host}{shown_port}{path}"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
