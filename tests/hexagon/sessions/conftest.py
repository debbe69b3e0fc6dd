from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.hexagon.sessions.devices import log_in


@pytest.fixture
def phone(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service)
