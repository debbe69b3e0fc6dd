"""The health check of an instance in compose.prod.yaml, for which a rolling update waits."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.servers import forked
from tests.servers.ports import free_port

pytestmark = pytest.mark.long

PROD = Path(__file__).parents[2] / "compose.prod.yaml"


def is_healthy(url: str) -> bool:
    """Run the command that Docker runs in the container."""
    service = yaml.safe_load(PROD.read_text(encoding="utf-8"))["services"]["http-one"]
    (_, _python, option, code) = service["healthcheck"]["test"]
    code_here = code.replace(":8000", f":{urlsplit(url).port}")
    ran = subprocess.run([sys.executable, option, code_here], capture_output=True, timeout=20, check=False)
    return ran.returncode == 0


def test_a_live_instance_that_can_never_serve_fails_its_health_check(
    hexaccount, environment, serving, tmp_path: Path
) -> None:
    assert hexaccount("migrate").returncode == 0
    assert hexaccount("keys", "add", "--signs-after", "0").returncode == 0
    with serving() as (_, url):
        assert is_healthy(url)
    port = str(free_port())
    argv = ["http", "--port", port]
    other = {**environment, "HEXACCOUNT_JWT__KEY": "another key than the one that encrypted the stored key"}
    with forked.running(argv, output=tmp_path / "other", env=other, cwd=tmp_path) as command:
        command.wait_for_ok(f"http://127.0.0.1:{port}/health", timeout=60)
        assert not is_healthy(f"http://127.0.0.1:{port}")
