"""Stop signals at every moment in the life of a process."""

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
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from tests.adapters.webhooks.receivers import SECRET, Receiver, receiving
from tests.servers import forked
from tests.servers.processes import RunningCommand, console_command, spawn, tail, without_coverage
from tests.signing_key import SIGNING_KEY as KEY

pytestmark = pytest.mark.long

MOMENTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
ALTERNATING = list(zip(MOMENTS, SIGNALS * 3, strict=True))


def blocks(pid: int, number: signal.Signals) -> bool:
    """Return whether a process blocks a signal, as it does from its first line."""
    (mask,) = [
        line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigBlk")
    ]
    return bool(int(mask, 16) >> (number - 1) & 1)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "cases",
    [ALTERNATING, pytest.param(list(product(MOMENTS, SIGNALS)), marks=pytest.mark.slow)],
    ids=["alternating", "all"],
)
@pytest.mark.parametrize(
    "arguments",
    [["relay"], ["http", "--port", "0", "--workers", "2"], ["realtime", "--port", "0", "--workers", "2"]],
    ids=["relay", "http", "realtime"],
)
def test_a_signal_in_the_first_second_of_a_process_ends_it_with_code_0(
    tmp_path: Path, environment: dict[str, str], hexaccount: Callable[..., Any], arguments: list[str], cases: Any
) -> None:
    assert hexaccount("migrate").returncode == 0

    def end_after(moment: float, number: signal.Signals) -> bool:
        output = tmp_path / f"output-{moment}-{number}"
        # Without coverage, whose start would take most of this second.
        process = spawn(
            [*console_command("hexaccount"), *arguments],
            output=output,
            env=without_coverage() | environment,
            cwd=tmp_path,
        )
        time.sleep(moment)
        blocked = blocks(process.pid, number)
        process.send_signal(number)
        while not blocked and process.poll() is None:
            # Python may drop a signal during its own start.
            time.sleep(0.5)
            process.send_signal(number)
        code = process.wait(20)
        # Before its first line the signal ends Python itself.
        if blocked:
            assert (code, "Traceback" in tail(output)) == (0, False), f"{number.name} after {moment} s: {tail(output)}"
        return blocked

    with ThreadPoolExecutor(3) as executor:
        blocked = list(executor.map(lambda both: end_after(*both), cases))
    assert sum(blocked) >= len(blocked) // 3, "hardly any process had started"


@pytest.mark.parametrize("later", [False, True], ids=["blocked", "running"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_short_command_ends_by_a_signal_as_any_program_does(
    tmp_path: Path,
    environment: dict[str, str],
    hexaccount: Callable[..., Any],
    number: signal.Signals,
    later: bool,
) -> None:
    assert hexaccount("migrate").returncode == 0
    names = ["--user-name", "ada", "--email", "ada@example.org", "--first-name", "Ada", "--last-name", "L"]
    argv = [*console_command("hexaccount"), "users", "register", *names, "--password-stdin"]
    with Popen(argv, stdin=PIPE, cwd=tmp_path, env=without_coverage() | environment) as process:
        # If this test is slow, the command may have unblocked the signals already, and waits for the password.
        start = time.monotonic()
        wait_until(lambda: blocks(process.pid, number) or time.monotonic() - start > 3)
        if later:
            wait_until(lambda: not blocks(process.pid, number))
            time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(10) == {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}[number]


@pytest.fixture
def service(tmp_path: Path, receiver: Receiver) -> Iterator[Service]:
    """Yield a service on SQLite with an event pending for the receiver."""
    webhook = WebhookSettings(name="crm", url=receiver.url, secret=SECRET, allow_private=True)
    settings = Settings(store=f"sqlite:///{tmp_path}/store.db", jwt=JwtSettings(key=KEY), webhooks=[webhook])
    with open_service(settings) as service:
        service.store.migrate()
        service.subscribe()
        save(service.store, Factory().user())
        yield service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def relaying(
    service: Service, receiver: Receiver, tmp_path: Path, environment: dict[str, str]
) -> Iterator[RunningCommand]:
    """Start a relay whose receiver has received an event and does not answer yet."""
    receiver.hold = threading.Event()
    webhooks = [{"name": "crm", "url": receiver.url, "secret": SECRET, "allow_private": True}]
    settings = {
        **environment,
        "HEXACCOUNT_STORE": service.settings.store,
        "HEXACCOUNT_JWT__KEY": KEY,
        "HEXACCOUNT_WEBHOOKS": json.dumps(webhooks),
    }
    with forked.running(["relay"], output=tmp_path / "relay", env=settings, cwd=tmp_path) as relay:
        wait_until(lambda: receiver.requests)
        yield relay


@pytest.mark.parametrize("number", SIGNALS)
def test_a_relay_finishes_the_delivery_in_progress(
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
    assert receiver.ids.count(held) == 1, "it was delivered, and is still pending"
    assert "Traceback" not in relaying.output


def test_a_second_signal_ends_a_relay_at_once_and_its_delivery_stays_pending(
    relaying: RunningCommand, receiver: Receiver, service: Service
) -> None:
    relaying.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in relaying.output)
    relaying.process.send_signal(signal.SIGTERM)
    time.sleep(0.8)
    assert relaying.process.poll() is None, "a signal that comes twice in a moment counts once"
    relaying.process.send_signal(signal.SIGINT)
    assert relaying.process.wait(2) == 0
    much_later = service.container.clock().now() + timedelta(days=1)
    pending = service.store.outbox.claim("webhook:crm", limit=9, now=much_later, lease=timedelta(seconds=1)).deliveries
    assert receiver.ids[0] in [str(delivery.entry.id) for delivery in pending]
