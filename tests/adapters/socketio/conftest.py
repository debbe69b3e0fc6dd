from collections.abc import Iterator

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings


@pytest.fixture
def service() -> Iterator[Service]:
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4))) as service:
        service.subscribe()
        yield service
