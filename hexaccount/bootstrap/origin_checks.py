"""Origins in settings: those that browsers write in another way would never match."""

from urllib.parse import urlsplit

import idna

from hexaccount.bootstrap.settings import SettingsError
from hexaccount.kernel.origin import origin_of


def check_origin(setting: str, text: str) -> None:
    """Raise SettingsError unless browsers write the origin in this way; upper and lower case are the same."""
    origin = origin_of(text) or origin_of(_in_punycode(text))
    if origin is None:
        remedy = "name each host, without *" if "*" in text else "write it as https://app.example.org"
        raise SettingsError(f"{setting}: {text.rpartition('@')[2]} is not an origin; {remedy}")
    if text.lower() != origin:
        raise SettingsError(f"{setting}: write it as {origin}; browsers send it in this form, and others never match")


def _in_punycode(url: str) -> str:
    """Return a URL with its host as browsers write it (UTS 46), without user and path; as it is, if that fails."""
    try:
        parts = urlsplit(url)
        host = idna.encode(parts.hostname or "", uts46=True).decode()
        return f"{parts.scheme}://{host}" + ("" if parts.port is None else f":{parts.port}")
    except ValueError:
        return url
