"""The example of a listener receives events after its access token has expired, until its session is over."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.examples.installed_examples import EXAMPLES
from tests.people import PASSWORD
from tests.servers.processes import RunningCommand, without_coverage
from tests.service.realtime import UPDATED, change_bio, end_all_sessions, registered

pytestmark = pytest.mark.long

SCRIPT = EXAMPLES / "realtime_listener" / "listen.py"
SHORT = {"HEXACCOUNT_SESSION__ACCESS_LIFETIME": "4", "HEXACCOUNT_SESSION__REFRESH_GRACE": "0"}


def wait_for(holds: Callable[[], object], running: RunningCommand) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, running.output
        time.sleep(0.1)


def printed(running: RunningCommand, event_type: str) -> list[Any]:
    """Return the data of the events of a type that it has printed."""
    lines = [line.partition(" ") for line in running.output.splitlines()]
    return [json.loads(text) for name, _, text in lines if name == event_type]


def test_it_connects_again_with_a_token_that_is_valid_then(
    settings: dict[str, str],
    serving: Callable[..., Any],
    sockets: Callable[..., Any],
    tmp_path: Path,
) -> None:
    with serving(**settings, **SHORT) as (_, url), sockets(**settings, **SHORT) as (_, sockets_url, _):
        ada = registered(url, "ada")
        env = {"SERVICE": url, "SOCKETS": sockets_url, "USER_NAME": "ada", "PASSWORD": PASSWORD}
        argv = [sys.executable, SCRIPT]
        with RunningCommand(argv, output=tmp_path / "printed", env={**without_coverage(), **env}) as running:
            wait_for(lambda: len(printed(running, "closing")) >= 2, running)
            assert {problem["code"] for problem in printed(running, "closing")} == {"token_expired"}

            def changed() -> bool:
                # Nothing comes while it is not connected, so that the change is repeated.
                change_bio(ada, ada.log_in(), str(time.monotonic()))
                return bool(printed(running, UPDATED))

            wait_for(changed, running)
            end_all_sessions(ada)
            assert running.process.wait(60) != 0
            assert "401" in running.output
