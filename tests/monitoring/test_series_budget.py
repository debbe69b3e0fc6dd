"""The number of series does not grow with the number of users or of unknown paths."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.monitoring import many_users
from tests.servers.processes import without_coverage

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def test_hundreds_of_users_and_of_unknown_paths_add_no_series() -> None:
    command = [sys.executable, "-m", many_users.__name__]
    ran = subprocess.run(
        command, cwd=ROOT, env=without_coverage(), capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["after"] == seen["before"]
    assert 100 < sum(seen["before"].values()) < 1000
    metrics = seen["metrics"]
    assert f'hexaccount_events_total{{type="hexaccount.user.registered.v1"}} {many_users.MANY}.0' in metrics
    unmatched = 'hexaccount_http_request_duration_seconds_count{method="GET",route="unmatched",status="404"}'
    assert f"{unmatched} {many_users.MANY}.0" in metrics
    assert "passer-by" not in metrics
    assert "METHOD" not in metrics
