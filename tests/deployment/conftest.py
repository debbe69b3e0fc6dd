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
PROD = "compose.prod.yaml"
OURS = {"http-one", "http-two", "realtime", "relay", "migrate"}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def dockerfile() -> Dockerfile:
    return Dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the secrets that config/secrets.sh creates."""
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    subprocess.run(["sh", ROOT / "config/secrets.sh", folder], check=True, capture_output=True, timeout=30)
    return folder


@pytest.fixture(scope="session")
def compose(secrets_folder: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that parses a file with Docker Compose, with all profiles by default."""
    # The console script of the package drops the exit code.
    program = str(files("compose") / "docker-compose")

    @cache
    def read(file: str, *, profile: str = "*", **environment: str) -> dict[str, Any]:
        argv = [program, "--file", ROOT / file, "--env-file", ROOT / ".env.example", "--profile", profile]
        environ = {"PATH": os.defpath, "HOME": str(secrets_folder), "SECRETS": str(secrets_folder), **environment}
        ran = subprocess.run(
            [*argv, "config", "--format", "json"], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert not ran.stderr, "Docker Compose warns"
        read: dict[str, Any] = json.loads(ran.stdout)
        return read

    return read


@pytest.fixture(scope="session")
def prod(compose: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return compose(PROD)


@pytest.fixture(scope="session")
def services(prod: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = prod["services"]
    return services
