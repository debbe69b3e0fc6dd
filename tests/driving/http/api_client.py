from collections.abc import Callable
from typing import Any, Self

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service
from hexaccount_flask import create_app
from tests.people import PASSWORD, login_form, register, registration_form


class ApiClient:
    """A client of a service, signed in or not."""

    def __init__(self, service: Service, **options: Any) -> None:
        self.service = service
        parts: Any = {"bus": service.bus, "artist": service.artist, "published_keys": service.published_keys}
        parts |= {"readiness": service.readiness(lambda: False).check, "metrics": lambda: b"figures 1\n"} | options
        self.app = create_app(**parts)
        self.flask_client = self.app.test_client()
        self.headers: dict[str, str] = {}

    def register(self, user_name: str = "ann", headers: dict[str, str] | None = None, **changes: Any) -> Any:
        form = registration_form(user_name, **{"first_name": "Ann", "last_name": "Lee", **changes})
        return self.post("/api/v1/public/register", json=form, headers=headers)

    def register_with_role(self, user_name: str, role: Role) -> None:
        """Register a user with a role, which HTTP cannot do."""
        register(self.service.bus, user_name, role=role)

    def login(self, user_name: str = "ann", password: str = PASSWORD, device: str | None = None, **options: Any) -> Any:
        return self.post("/api/v1/public/login", json=login_form(user_name, password, device), **options)

    def sign_in(self, user_name: str = "ann") -> Self:
        self.headers = {"Authorization": self.login(user_name).headers["Authorization"]}
        return self

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def send(path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
            return getattr(self.flask_client, method)(path, headers=self.headers | (headers or {}), **options)

        return send
