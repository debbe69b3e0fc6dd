"""The requests of a service, as values that a load, wrk or another process can be given."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Operation:
    """A request and the status of its response; in its body `{name}` is the name of an account, `{token}` a token."""

    method: str
    path: str
    body: str = ""
    status: int = 200
    content_type: str = "application/json"

    def send(
        self, connection: http.client.HTTPConnection, *, name: str = "", token: str = ""
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send it, and return the response with its content; a token that is not in the body is the bearer's."""
        body = self.body.replace("{name}", name).replace("{token}", token)
        headers = {"Content-Type": self.content_type} if body else {}
        if token and "{token}" not in self.body:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(self.method, self.path, body or None, headers)
        response = connection.getresponse()
        return response, response.read()

    def content(self, connection: http.client.HTTPConnection, *, name: str = "", token: str = "") -> bytes:
        """Send it, and return the content; raises RuntimeError if the response has another status."""
        response, content = self.send(connection, name=name, token=token)
        if response.status != self.status:
            raise RuntimeError(f"{self.method} {self.path} returned {response.status}, not {self.status}: {content!r}")
        return content


def get(path: str) -> Operation:
    """Return a request without a body."""
    return Operation("GET", path)


def post(path: str, *, status: int = 200, **body: str) -> Operation:
    """Return a request with a body in JSON."""
    return Operation("POST", path, json.dumps(body), status)


@dataclass(frozen=True)
class Api:
    """The operations of a service, and where the responses of logins and refreshes have their tokens."""

    register: Operation
    log_in: Operation
    me: Operation
    access: tuple[str, ...]
    refresh: Operation | None = None
    refresh_token: tuple[str, ...] = ()
    next_refresh_token: tuple[str, ...] = ()
    """Empty if a refresh does not replace its token."""
    users: Operation | None = None
    """The list of the first hundred accounts."""

    def access_token(self, url: str, name: str) -> str:
        """Log in at the service at `url`, and return the access token."""
        return found_at(self.access, self.log_in.content(connect(url), name=name))


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to the service at `url`, which waits up to two minutes for a response."""
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)


def found_at(path: tuple[str, ...], content: bytes) -> str:
    """Return the text at a path of names in a document of JSON."""
    found = json.loads(content)
    for name in path:
        found = found[name]
    return str(found)
