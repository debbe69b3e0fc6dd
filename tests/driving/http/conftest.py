from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, MailSettings, PasswordSettings, Settings
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount.testing.api_client import ApiClient
from hexaccount_granian.client_address import ClientAddresses
from tests.signing_key import SIGNING_KEY


@contextmanager
def memory_service(limits: LimitSettings | None = None, **parts: Any) -> Iterator[Service]:
    """Open a service; its default limits are too generous for a test to meet them by accident."""
    password = PasswordSettings(cost=4, **parts.pop("password", {}))
    limits = limits or LimitSettings(factor=1000)
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key=SIGNING_KEY),
        password=password,
        limits=limits,
        mail=parts.pop("mail", MailSettings()),
    )
    with open_service(settings, **parts) as service:
        service.subscribe()
        yield service


@pytest.fixture
def make_client() -> Iterator[Callable[..., ApiClient]]:
    """Return a function that creates a client of its own service, with options of the service and of `create_app`."""
    with ExitStack() as stack:

        def make(**options: Any) -> ApiClient:
            parts = {name: options.pop(name) for name in ("limits", "password", "mail", "clock") if name in options}
            options.setdefault("metrics", lambda: b"figures 1\n")
            return ApiClient(stack.enter_context(memory_service(**parts)), **options)

        yield make


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def strict(make_client: Callable[..., ApiClient], clock: AdjustableClock) -> ApiClient:
    """Return a client of a service with the default limits, where Ann has an account."""
    client = make_client(limits=LimitSettings(), clock=clock, client_addresses=ClientAddresses(["127.0.0.1"]))
    client.register()
    return client


@pytest.fixture
def client(make_client: Callable[..., ApiClient]) -> ApiClient:
    return make_client()


@pytest.fixture(scope="module")
def shared_client() -> Iterator[ApiClient]:
    """Return a signed-in client for all tests of a module, because generated examples are many."""
    with memory_service() as service:
        client = ApiClient(service)
        client.register()
        yield client.sign_in()


@pytest.fixture
def signed_in(client: ApiClient) -> ApiClient:
    client.register()
    return client.sign_in()


@pytest.fixture
def admin(client: ApiClient) -> ApiClient:
    client.register_with_role("root", Role.ADMIN)
    return client.sign_in("root")
