"""Run by test_series_budget: ten thousand people come, and as many paths are asked for that there are not.

It prints how many series there were of each measure after the first of them and after the last, and all that is told
in the end. It is a process of its own as ten thousand of everything are too many to be looked through for secrets.
"""

import hashlib
import io
import json
import sys
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, LogSettings, Settings
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount.registration.register_user import RegisterUser
from hexaccount_flask import RequestFigures, create_app

MANY = 10_000
PASSWORD = "a long and winding road"


class QuickHasher(PasswordHasher):
    """Hashes ten thousand passwords in no time; what it makes protects nobody."""

    def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    def verify(self, password: str, stored: str | None) -> Verification:
        return Verification(matches=self.hash(password) == stored)


class People:
    """Those who come, each by a number."""

    def __init__(self, service: Service) -> None:
        self._bus = service.bus
        self._wsgi = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=service.readiness(lambda: False).look,
            published_keys=service.published_keys,
            metrics=service.figures,
            watchers=[RequestFigures(service.metrics)],
        ).wsgi_app

    def come(self, number: int) -> None:
        """Register, and ask for what there is not; each tenth looks around, too, and one by a method of their own."""
        name = f"passer-by{number}"
        texts: dict[str, Any] = {"first_name": "A", "last_name": "B", "password": PASSWORD}
        self._bus.handle(RegisterUser.of_text(user_name=name, email=f"{name}@example.org", **texts))
        self._ask("GET", f"/nothing/{number}/at/all", 404)
        if number % 10 == 0:
            access = self._bus.handle(LogIn(user_name=name, password=PASSWORD, client_address=f"2001:db8::{number:x}"))
            self._ask("GET", "/api/v1/me", 200, HTTP_AUTHORIZATION=f"Bearer {access.token}")
            self._ask(f"METHOD{number}", f"/api/v1/users/{number}", 405)
            self._ask("POST", "/api/v1/public/logout", 204, HTTP_AUTHORIZATION=f"Bearer {access.token}")

    def _ask(self, method: str, path: str, expected: int, **headers: str) -> None:
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
    """Return how many series there are of each measure."""
    families = text_string_to_metric_families(service.figures().decode())
    return {family.name: len(family.samples) for family in families}


def main() -> None:
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key="k" * 64),
        limits=LimitSettings(enabled=False),
        log=LogSettings(level="error"),
    )
    with open_service(settings, measured=True, hasher=QuickHasher()) as service:
        service.subscribe()
        people = People(service)
        people.come(0)
        service.deliver_all()
        before = series(service)
        for number in range(1, MANY):
            people.come(number)
        service.deliver_all()
        sys.stdout.write(json.dumps({"before": before, "after": series(service), "told": service.figures().decode()}))


if __name__ == "__main__":
    main()
