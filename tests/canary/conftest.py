from collections.abc import Callable, Iterator

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from tests.canary.planting import HEADER, KEY, PASSWORD
from tests.canary.plugin import WATCH


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(store="memory://", jwt=JwtSettings(key=KEY), password=PasswordSettings(cost=4))
    with open_service(settings) as service:
        service.subscribe()
        yield service


@pytest.fixture
def leak() -> Iterator[Callable[[], str]]:
    """Return a function that returns and clears the one leak that was planted."""

    def planted() -> str:
        (description,) = WATCH.take_leaks()
        for secret in (PASSWORD, KEY, HEADER, "canaries"):
            assert secret not in description
        return description

    assert WATCH.take_leaks() == []
    yield planted
    assert WATCH.take_leaks() == []
