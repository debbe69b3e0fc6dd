import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import Request, urlopen

_LARGEST = 1_000_000


def jwks_at(url: str, *, timeout: float = 5.0) -> Callable[[], Mapping[str, Any]]:
    """Return a function that fetches the key set of a URL, within `timeout` seconds; it raises OSError, ValueError."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("the URL of a key set begins with https://, or http:// within one network")

    def fetch() -> Mapping[str, Any]:
        request = Request(url, headers={"Accept": "application/jwk-set+json, application/json"})  # noqa: S310 - only http and https get here
        with urlopen(request, timeout=timeout) as answer:  # noqa: S310 - only http and https get here
            found = json.loads(answer.read(_LARGEST))
        if not isinstance(found, dict):
            raise ValueError("the answer is no key set")  # noqa: TRY004 - it is the text's fault, not the caller's
        return found

    return fetch
