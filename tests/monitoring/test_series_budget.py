"""The number of series stays the same, however many people come and whatever they ask for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.monitoring import many_people
from tests.servers.processes import unmeasured

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def test_ten_thousand_people_and_as_many_unknown_paths_add_no_series() -> None:
    command = [sys.executable, "-m", many_people.__name__]
    ran = subprocess.run(command, cwd=ROOT, env=unmeasured(), capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["after"] == seen["before"]
    assert 100 < sum(seen["before"].values()) < 1000
    told = seen["told"]
    assert f'hexaccount_events_total{{type="hexaccount.user.registered.v1"}} {many_people.MANY}.0' in told
    unmatched = 'hexaccount_http_request_duration_seconds_count{method="GET",route="unmatched",status="404"}'
    assert f"{unmatched} {many_people.MANY}.0" in told
    assert "passer-by" not in told
    assert "METHOD" not in told
