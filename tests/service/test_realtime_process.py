"""`hexaccount realtime` as a process: its limits, its stop and its errors."""

import json
import signal
import time
from collections.abc import Callable
from functools import partial
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from benchmarks.memory import memory_mib
from benchmarks.unfinished_messages import ATTACKS, Attack, attack_by, most_memory
from tests.service.listener import Listener, refusal_of
from tests.service.realtime import change_bio, registered

# The client of python-socketio does not close its socket when the server ends the connection.
pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("garbage_collected"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


QUICK = "one frame"
OPENED = "hexaccount.session.opened.v1"


CLOSED = "hexaccount.session.closed.v1"


Sending = Callable[..., Any]


def test_the_sockets_of_a_session_and_the_size_of_a_message_are_limited(
    settings: dict[str, str], serving: Sending, sockets: Sending
) -> None:
    with serving(**settings) as (_, url), sockets(**settings) as (_, sockets_url, _):
        ada = registered(url, "ada")
        headers = ada.log_in()
        listeners = [Listener(sockets_url, headers) for _ in range(20)]
        token = headers["Authorization"].removeprefix("Bearer ")
        assert refusal_of({"url": sockets_url, "auth": {"token": token}}) == "too_many_sockets"
        listeners[0].client.emit("watch", "x" * 10_000)
        listeners[0].wait_disconnected()
        listeners[0] = Listener(sockets_url, headers)
        change_bio(ada, headers, "all receive")
        for listener in listeners:
            assert listener.bio() == "all receive"
            listener.disconnect()


@pytest.mark.parametrize(
    "name", [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ATTACKS]
)
def test_the_memory_that_sockets_without_a_token_take_is_limited(
    settings: dict[str, str], sockets: Sending, name: str
) -> None:
    with sockets(**settings) as (command, sockets_url, _):
        before, _ = memory_mib(command.process.pid)
        attack = partial(attack_by, Attack(name, sockets=200, seconds=2, mebibytes=1), sockets_url)
        most, opened = most_memory(command.process.pid, attack)
        assert opened == 200
        assert most - before < 30, "MiB"
        assert requests.get(f"{sockets_url}/ready", timeout=20).ok


@pytest.mark.parametrize("stop", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_it_stops_in_an_orderly_way_with_open_sockets(
    settings: dict[str, str], serving: Sending, sockets: Sending, stop: signal.Signals
) -> None:
    with serving(**settings) as (_, url), sockets("--workers", "2", **settings) as (command, sockets_url, output):
        headers = registered(url, "ada").log_in()
        listeners = [Listener(sockets_url, headers) for _ in range(6)]
        command.process.send_signal(stop)
        for listener in listeners:
            assert listener.receive("closing")["code"] == "draining"
            listener.wait_disconnected()
        assert command.process.wait(20) == 0
    assert "Traceback" not in output.read_text()


def test_a_second_signal_stops_it_at_once(settings: dict[str, str], sockets: Sending) -> None:
    slow = {**settings, "HEXACCOUNT_HTTP__DRAIN_DELAY": "60"}
    with sockets(**slow) as (command, sockets_url, _):
        command.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while requests.get(f"{sockets_url}/ready", timeout=20).status_code != 503:
            assert time.monotonic() < deadline
        time.sleep(0.6)  # a signal that is duplicated within a moment counts once
        command.process.send_signal(signal.SIGTERM)
        assert command.process.wait(10) == 0


def test_errors_of_the_command_name_the_remedy(
    hexaccount: Callable[..., CompletedProcess[str]], settings: dict[str, str], sockets: Sending
) -> None:
    result = hexaccount("realtime", HEXACCOUNT_STORE="memory://")
    assert result.returncode == 2
    assert "store: choose sqlite://" in result.stderr
    assert "memory:// exists only inside the one process" in result.stderr
    with sockets(**settings) as (_, sockets_url, _):
        port = sockets_url.rpartition(":")[2]
        result = hexaccount("realtime", "--port", port, **settings)
        assert result.returncode == 3
        assert "--port" in result.stderr
        response = requests.get(f"{sockets_url}/api/v1/me", timeout=20)
        assert (response.status_code, json.loads(response.text)["code"]) == (404, "not_found")
        assert requests.get(f"{sockets_url}/health", timeout=20).status_code == 200
