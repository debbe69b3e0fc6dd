import shutil
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


@pytest.fixture(scope="module")
def source_tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("hexaccount", "adapters"):
        shutil.copytree(root / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "setup.cfg", tree)
    return tree
