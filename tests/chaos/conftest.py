import os

import pytest

from tests.servers.processes import unmeasured


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the many processes start as quickly as they do elsewhere: those that are killed could not tell anyway."""
    for name in os.environ.keys() - unmeasured().keys():
        monkeypatch.delenv(name)
