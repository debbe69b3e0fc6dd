import os

import pytest

from tests.servers.processes import without_coverage


@pytest.fixture(autouse=True)
def _without_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no coverage in processes: it slows their start, and a killed process reports none."""
    for name in os.environ.keys() - without_coverage().keys():
        monkeypatch.delenv(name)
