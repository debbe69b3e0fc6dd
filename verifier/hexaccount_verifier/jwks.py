import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import Request, urlopen

_MAX_BYTES = 1_000_000


def jwks_at(url: str, *, timeout: float = 5.0) -> Callable[[], Mapping[str, Any]]:
    """Return a function that fetches the key set of a URL; it raises OSError or ValueError.

    `timeout` is in seconds, for connecting and for each read.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("the URL of a key set must begin with https://, or with http:// in a private network")

    def fetch() -> Mapping[str, Any]:
        request = Request(url, headers={"Accept": "application/jwk-set+json, application/json"})  # noqa: S310 - the scheme is checked above
        with urlopen(request, timeout=timeout) as response:  # noqa: S310 - the scheme is checked above
            key_set = json.loads(response.read(_MAX_BYTES))
        if not isinstance(key_set, dict):
            raise ValueError("the response is no key set")  # noqa: TRY004 - the data is wrong, not an argument's type
        return key_set

    return fetch
