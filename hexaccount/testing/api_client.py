from collections.abc import Callable
from typing import Any, Self

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.plugins import HTTP, load_plugins
from hexaccount.bootstrap.service import Service
from hexaccount.testing.forms import PASSWORD, login_form, registration, registration_form
from hexaccount_flask import Routes, create_app


class ApiClient:
    """An HTTP client of a service in this process, without a server.

    Its methods `get`, `post`, `put`, `patch`, `delete` and `open` are those of Werkzeug's test client. `headers` are
    sent with every request. `options` are further arguments of `create_app`.
    """

    def __init__(self, service: Service, **options: Any) -> None:
        self.service = service
        self.app = create_app(
            **{
                "bus": service.bus,
                "artist": service.artist,
                "readiness": service.readiness(lambda: False).check,
                "published_keys": service.published_keys,
                "metrics": service.metrics_text if service.measured else None,
                "further_routes": load_plugins(HTTP, Routes),
                **options,
            }
        )
        self.flask_client = self.app.test_client()
        self.headers: dict[str, str] = {}

    def register(self, user_name: str = "ann", headers: dict[str, str] | None = None, **changes: Any) -> Any:
        """Return the answer to a registration; `changes` replace fields of the form."""
        form = registration_form(user_name, **{"first_name": "Ann", "last_name": "Lee", **changes})
        return self.post("/api/v1/public/register", json=form, headers=headers)

    def register_with_role(self, user_name: str, role: Role) -> None:
        """Register a user with a role, which HTTP cannot do."""
        self.service.bus.handle(registration(user_name, role=role))

    def login(self, user_name: str = "ann", password: str = PASSWORD, device: str | None = None, **options: Any) -> Any:
        """Return the answer to a login."""
        return self.post("/api/v1/public/login", json=login_form(user_name, password, device), **options)

    def sign_in(self, user_name: str = "ann") -> Self:
        """Log in, and send the access token from now on."""
        self.headers = {"Authorization": self.login(user_name).headers["Authorization"]}
        return self

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def send(path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
            return getattr(self.flask_client, method)(path, headers=self.headers | (headers or {}), **options)

        return send
