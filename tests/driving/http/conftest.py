from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.registration.register_user import RegisterUser
from hexaccount_flask import create_app

PASSWORD = "correct horse battery"


class Visitor:
    """Somebody in front of the service, signed in or not."""

    def __init__(self, service: Service, **options: Any) -> None:
        self.service = service
        parts: dict[str, Any] = {
            "bus": service.bus,
            "artist": service.artist,
            "readiness": service.readiness(lambda: False).look,
            "published_keys": service.published_keys,
            "metrics": lambda: b"figures 1\n",
        }
        self.app = create_app(**(parts | options))
        self.client: FlaskClient = self.app.test_client()
        self.headers: dict[str, str] = {}

    def register(self, user_name: str = "ann", headers: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {
            "user_name": user_name,
            "first_name": "Ann",
            "last_name": "Lee",
            "email": f"{user_name}@example.org",
            "password": PASSWORD,
        }
        return self.post("/api/v1/public/register", json=body | changes, headers=headers)

    def appoint(self, user_name: str, role: Role) -> None:
        """Register as only the command line can."""
        texts = {"user_name": user_name, "first_name": "A", "last_name": "L", "password": PASSWORD}
        self.service.bus.handle(RegisterUser.of_text(**texts, email=f"{user_name}@example.org", role=role))

    def login(self, user_name: str = "ann", password: str = PASSWORD, device: str | None = None, **options: Any) -> Any:
        body = {"user_name": user_name, "password": password} | ({"device": device} if device is not None else {})
        return self.post("/api/v1/public/login", json=body, **options)

    def sign_in(self, user_name: str = "ann") -> None:
        self.headers = {"Authorization": self.login(user_name).headers["Authorization"]}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def send(path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
            return getattr(self.client, method)(path, headers=self.headers | (headers or {}), **options)

        return send


@contextmanager
def memory_service(limits: LimitSettings | None = None, clock: Any = None, **password: Any) -> Iterator[Service]:
    """Give a service that, unless told otherwise, has limits so generous that no test meets them by accident."""
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key="k" * 64),
        password=PasswordSettings(cost=4, **password),
        limits=limits or LimitSettings(factor=1000),
    )
    with open_service(settings, **({"clock": clock} if clock else {})) as service:
        service.subscribe()
        yield service


@pytest.fixture
def visit() -> Iterator[Callable[..., Visitor]]:
    """Make visitors of services of their own, with the options of `create_app`."""
    with ExitStack() as stack:

        def make(
            password: dict[str, Any] | None = None,
            limits: LimitSettings | None = None,
            clock: Any = None,
            **options: Any,
        ) -> Visitor:
            return Visitor(stack.enter_context(memory_service(limits, clock, **(password or {}))), **options)

        yield make


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()


@pytest.fixture(scope="module")
def long_visitor() -> Iterator[Visitor]:
    """A signed-in visitor for all tests of a module, as generated examples are many."""
    with memory_service() as service:
        visitor = Visitor(service)
        visitor.register()
        visitor.sign_in()
        yield visitor


@pytest.fixture
def person(visitor: Visitor) -> Visitor:
    visitor.register()
    visitor.sign_in()
    return visitor


@pytest.fixture
def admin(visitor: Visitor) -> Visitor:
    visitor.appoint("root", Role.ADMIN)
    visitor.sign_in("root")
    return visitor
