"""Signals to stop, at whatever moment of a process's life they come."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings, WebhookSettings
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from tests.adapters.webhooks.receivers import SECRET, Receiver, receiving
from tests.servers.processes import RunningCommand, console_command, spawn, tail, unmeasured

pytestmark = pytest.mark.long

MOMENTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
KEY = "k" * 40


def holds(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process holds a signal back, as it does from its first line on."""
    (blocked,) = [
        line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigBlk")
    ]
    return bool(int(blocked, 16) >> (number - 1) & 1)


def wait_until(holds_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "arguments",
    [["relay"], ["http", "--port", "0", "--workers", "2"], ["realtime", "--port", "0", "--workers", "2"]],
    ids=["relay", "http", "realtime"],
)
def test_a_signal_in_the_first_second_of_a_process_ends_it_in_order(
    tmp_path: Path, environment: dict[str, str], hexaccount: Callable[..., Any], arguments: list[str]
) -> None:
    assert hexaccount("migrate").returncode == 0

    def end_after(moment: float, number: signal.Signals) -> bool:
        output = tmp_path / f"output-{moment}-{number}"
        # Not measured, which would take most of this second.
        process = spawn(
            [*console_command("hexaccount"), *arguments], output=output, env=unmeasured() | environment, cwd=tmp_path
        )
        time.sleep(moment)
        held = holds(process.pid, number)
        process.send_signal(number)
        while not held and process.poll() is None:
            # Python may drop an order that comes while it begins itself: it looks whether its script is a package.
            time.sleep(0.5)
            process.send_signal(number)
        code = process.wait(20)
        # Before its first line it is Python that is ended, or the loading of it, of which nothing is in hand.
        if held:
            assert (code, "Traceback" in tail(output)) == (0, False), f"{number.name} after {moment} s: {tail(output)}"
        return held

    with ThreadPoolExecutor(3) as at_once:
        held = list(at_once.map(lambda both: end_after(*both), product(MOMENTS, SIGNALS)))
    assert sum(held) >= len(held) // 3, "hardly any process had begun"


@pytest.mark.parametrize("later", [False, True], ids=["held", "at work"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_that_does_not_last_obeys_signals_as_any_program_does(
    tmp_path: Path,
    environment: dict[str, str],
    hexaccount: Callable[..., Any],
    number: signal.Signals,
    later: bool,
) -> None:
    assert hexaccount("migrate").returncode == 0
    names = ["--user-name", "ada", "--email", "ada@example.org", "--first-name", "Ada", "--last-name", "L"]
    argv = [*console_command("hexaccount"), "users", "register", *names, "--password-stdin"]
    with Popen(argv, stdin=PIPE, cwd=tmp_path, env=unmeasured() | environment) as process:
        # Where this test is slow, the moment in which it is held back is over: then the command waits for the password.
        began = time.monotonic()
        wait_until(lambda: holds(process.pid, number) or time.monotonic() - began > 3)
        if later:
            wait_until(lambda: not holds(process.pid, number))
            time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(10) == {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}[number]


@pytest.fixture
def service(tmp_path: Path, receiver: Receiver) -> Iterator[Service]:
    """Give a service on SQLite that owes the receiver an event."""
    webhook = WebhookSettings(name="crm", url=receiver.url, secret=SECRET, allow_private=True)
    settings = Settings(store=f"sqlite:///{tmp_path}/store.db", jwt=JwtSettings(key=KEY), webhooks=[webhook])
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        save(service.store, People().user())
        yield service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def relaying(
    service: Service, receiver: Receiver, tmp_path: Path, environment: dict[str, str]
) -> Iterator[RunningCommand]:
    """Give a relay whose receiver has an event in hand, and keeps it waiting."""
    receiver.hold = threading.Event()
    webhooks = [{"name": "crm", "url": receiver.url, "secret": SECRET, "allow_private": True}]
    settings = {
        **environment,
        "HEXACCOUNT_STORE": service.settings.store,
        "HEXACCOUNT_WEBHOOKS": json.dumps(webhooks),
    }
    argv = [*console_command("hexaccount"), "relay"]
    with RunningCommand(argv, output=tmp_path / "relay", env=settings, cwd=tmp_path) as relay:
        wait_until(lambda: receiver.requests)
        yield relay


@pytest.mark.parametrize("number", SIGNALS)
def test_a_relay_finishes_what_it_holds(
    relaying: RunningCommand, receiver: Receiver, service: Service, number: signal.Signals
) -> None:
    relaying.process.send_signal(number)
    wait_until(lambda: "stopping" in relaying.output)
    time.sleep(0.3)
    assert relaying.process.poll() is None
    assert receiver.hold is not None
    receiver.hold.set()
    assert relaying.process.wait(10) == 0
    (held,) = receiver.ids
    service.deliver_all()
    assert receiver.ids.count(held) == 1, "it was delivered, and is owed still"
    assert "Traceback" not in relaying.output


def test_a_second_signal_ends_a_relay_at_once_and_what_it_held_stays_owed(
    relaying: RunningCommand, receiver: Receiver, service: Service
) -> None:
    relaying.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in relaying.output)
    relaying.process.send_signal(signal.SIGTERM)
    time.sleep(0.8)
    assert relaying.process.poll() is None, "an order that comes twice in a moment is one order"
    relaying.process.send_signal(signal.SIGINT)
    assert relaying.process.wait(2) == 0
    much_later = service.container.clock().now() + timedelta(days=1)
    pending = service.store.outbox.claim("webhook:crm", limit=9, now=much_later, lease=timedelta(seconds=1))
    assert receiver.ids[0] in [str(delivery.entry.id) for delivery in pending]
