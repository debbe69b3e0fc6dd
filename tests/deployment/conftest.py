import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.dockerfile import Dockerfile

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def dockerfile() -> Dockerfile:
    return Dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of secrets, made as the documents say."""
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    subprocess.run(["sh", ROOT / "config/secrets.sh", folder], check=True, capture_output=True, timeout=30)
    return folder


@pytest.fixture(scope="session")
def compose(secrets_folder: Path) -> Callable[..., dict[str, Any]]:
    """Give a function that has Docker Compose read a file, with all its profiles if none is named."""
    # Its console script swallows the exit code.
    program = str(files("compose") / "docker-compose")

    @cache
    def read(file: str, *, profile: str = "*", **environment: str) -> dict[str, Any]:
        argv = [program, "--file", ROOT / file, "--env-file", ROOT / ".env.example", "--profile", profile]
        told = {"PATH": os.defpath, "HOME": str(secrets_folder), "SECRETS": str(secrets_folder), **environment}
        ran = subprocess.run(
            [*argv, "config", "--format", "json"], env=told, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert not ran.stderr, "it warns of nothing"
        read: dict[str, Any] = json.loads(ran.stdout)
        return read

    return read
