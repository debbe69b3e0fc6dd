"""Run by test_series_budget: registers many users, and requests as many unknown paths.

It prints the number of series of each metric after the first user and after the last, and the metrics at the end. It is
a separate process, because the canary would take too long to search so many requests for secrets.
"""

import hashlib
import io
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, LogSettings, Settings
from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount_flask import RequestMetrics, create_app
from tests.people import log_in, register
from tests.signing_key import SIGNING_KEY

MANY = 200


class FastHasher(PasswordHasher):
    """Hashes passwords quickly; its hashes protect no password."""

    def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    def verify(self, password: str, stored: str | None) -> Verification:
        return Verification(matches=self.hash(password) == stored)


class Users:
    """Acts as users, each with a number."""

    def __init__(self, service: Service) -> None:
        self._bus = service.bus
        self._wsgi = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=service.readiness(lambda: False).check,
            published_keys=service.published_keys,
            metrics=service.metrics_text,
            observers=[RequestMetrics(service.metrics)],
        ).wsgi_app

    def act(self, number: int) -> None:
        """Register and request an unknown path; each tenth user also logs in and uses an unknown method."""
        name = f"passer-by{number}"
        register(self._bus, name)
        self._send("GET", f"/unknown/{number}/path", 404)
        if number % 10 == 0:
            access = log_in(self._bus, name, client_address=f"2001:db8::{number:x}")
            self._send("GET", "/api/v1/me", 200, HTTP_AUTHORIZATION=f"Bearer {access.token}")
            self._send(f"METHOD{number}", f"/api/v1/users/{number}", 405)
            self._send("POST", "/api/v1/public/logout", 204, HTTP_AUTHORIZATION=f"Bearer {access.token}")

    def _send(self, method: str, path: str, expected: int, **headers: str) -> None:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            **headers,
        }
        statuses: list[str] = []
        b"".join(self._wsgi(environ, lambda status, _headers: statuses.append(status)))
        assert statuses[0].startswith(str(expected)), (method, path, statuses)


def series(service: Service) -> dict[str, int]:
    """Return the number of series of each metric."""
    families = text_string_to_metric_families(service.metrics_text().decode())
    return {family.name: len(family.samples) for family in families}


def main() -> None:
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key=SIGNING_KEY),
        limits=LimitSettings(enabled=False),
        log=LogSettings(level="error"),
    )
    with open_service(settings, measured=True, hasher=FastHasher()) as service:
        service.subscribe()
        users = Users(service)
        users.act(0)
        service.deliver_all()
        before = series(service)
        for number in range(1, MANY):
            users.act(number)
        service.deliver_all()
        sys.stdout.write(
            json.dumps({"before": before, "after": series(service), "metrics": service.metrics_text().decode()})
        )


if __name__ == "__main__":
    main()
