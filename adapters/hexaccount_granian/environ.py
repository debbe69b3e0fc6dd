import io
import sys
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from hexaccount.kernel.host import is_host
from hexaccount_granian.errors import RequestRejected
from hexaccount_granian.rsgi import Headers, Scope

# The bridge handles the framing headers itself. `Proxy` would become HTTP_PROXY, which CGI programs and HTTP clients
# trust (https://httpoxy.org).
_DROPPED = frozenset({"content-length", "transfer-encoding", "proxy"})
_IN_PATHS = "/:@!$&'()*+,;="

# They say which host a request is for and which client sent it: a placeholder must not replace their value.
_NO_PLACEHOLDER = frozenset({"host", "x-forwarded-for"})
_PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"


def build_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """Return the environ (PEP 3333) of a request; raises RequestRejected."""
    path, query = _as_latin1(scope.path), _as_latin1(scope.query_string)
    # granian keeps no raw path, so this may be another spelling than the client's.
    uri = quote(path, safe=_IN_PATHS, encoding="latin-1") + (f"?{query}" if query else "")
    server_name, server_port = _server(scope.server)
    remote_addr, remote_port = split_address(scope.client)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": uri,
        "REQUEST_URI": uri,
        "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else f"HTTP/{scope.http_version}",
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": remote_addr,
        "REMOTE_PORT": remote_port,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope.headers)
    _check_host(environ, scope.authority)
    return environ


def split_address(address: str) -> tuple[str, str]:
    """Return host and port of `127.0.0.1:80` or `[::1]:80`; an IPv4-mapped IPv6 address becomes IPv4."""
    host, _, port = address.rpartition(":")
    if host.startswith("["):
        host = host[1:-1]
        if host.startswith("::ffff:") and "." in host:
            host = host.removeprefix("::ffff:")
    return host, port


def _add_headers(environ: dict[str, Any], headers: Headers) -> None:
    readable = headers.items()
    for name, value in [*readable, *_unreadable(headers, readable)]:
        key = _variable(name)
        if key is None:
            continue
        if key not in environ:
            environ[key] = _as_latin1(value)
        elif key == "HTTP_HOST":
            detail = "there is more than one Host header"
            raise RequestRejected(400, "malformed_request", detail, close_connection=True)
        else:
            environ[key] += (";" if key == "HTTP_COOKIE" else ",") + _as_latin1(value)


def _check_host(environ: dict[str, Any], authority: str | None) -> None:
    # RFC 9112, 3.2: HTTP/1.1 requires a Host. The host of a request line with a whole URL counts, whatever Host says.
    if "HTTP_HOST" not in environ and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
        raise RequestRejected(400, "malformed_request", "send a Host header")
    if authority:
        environ["HTTP_HOST"] = authority
    if "HTTP_HOST" in environ and not is_host(environ["HTTP_HOST"]):
        detail = "send a host name or address in the Host header, and a port if it is another than the usual one"
        raise RequestRejected(400, "malformed_request", detail)


def _unreadable(headers: Headers, readable: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers whose value granian withholds, with a placeholder that is valid for none of them.

    If they were omitted, a condition such as If-Match would be ignored.
    """
    names = set(headers.keys()).difference(name for name, _ in readable)
    if names & _NO_PLACEHOLDER:
        detail = f"use ASCII only in {' and '.join(sorted(names & _NO_PLACEHOLDER))}"
        raise RequestRejected(400, "malformed_request", detail)
    return [(name, _PLACEHOLDER) for name in names]


@lru_cache(maxsize=256)
def _variable(header: str) -> str | None:
    # `X_Forwarded_For` would get the same variable as `X-Forwarded-For`, which only a proxy may set.
    if "_" in header or header in _DROPPED:
        return None
    if header == "content-type":
        return "CONTENT_TYPE"
    return "HTTP_" + header.upper().replace("-", "_")


def _as_latin1(text: str) -> str:
    """Return the bytes of `text` (UTF-8) as the latin-1 characters in which PEP 3333 carries bytes."""
    return text if text.isascii() else text.encode().decode("latin-1")


# A process has one address, or a few.
_server = lru_cache(maxsize=16)(split_address)
