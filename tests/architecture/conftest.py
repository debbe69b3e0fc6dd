from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def setup(root: Path) -> ConfigParser:
    setup = ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    return setup
