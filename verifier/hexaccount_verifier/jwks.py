import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

_MAX_BYTES = 1_000_000


def jwks_at(url: str, *, timeout: float = 5.0) -> Callable[[], Mapping[str, Any]]:
    """Return a function that fetches the key set of a URL; it raises OSError or ValueError.

    `timeout` is in seconds, for connecting and for each read. A redirect is refused, as it would
    let another server choose the keys, or over HTTP everyone on the way.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("the URL of a key set must begin with https://, or with http:// in a private network")

    opener = build_opener(_RefusedRedirects)

    def fetch() -> Mapping[str, Any]:
        request = Request(url, headers={"Accept": "application/jwk-set+json, application/json"})  # noqa: S310 - the scheme is checked above
        with opener.open(request, timeout=timeout) as response:
            key_set = json.loads(response.read(_MAX_BYTES))
        if not isinstance(key_set, dict):
            raise ValueError("the response is no key set")  # noqa: TRY004 - the data is wrong, not an argument's type
        return key_set

    return fetch


class _RefusedRedirects(HTTPRedirectHandler):
    def redirect_request(self, *response: Any) -> NoReturn:
        request, file, status, _, headers, target = response
        raise HTTPError(request.full_url, status, f"the key set has another URL, {target}: configure it", headers, file)
