"""Instances are replaced one after the other under load: no request is lost."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hexaccount.accounts.user import UserRegistered
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.conformance.suites.transactions import all_users
from tests.chaos.clients import Rotation, registering
from tests.chaos.ledger import open_ledger
from tests.servers import forked
from tests.servers.kafka import all_messages, headers_of
from tests.servers.ports import free_port
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand
from tests.signing_key import SIGNING_KEY as KEY

pytestmark = pytest.mark.slow

RESTARTS = 10
CLIENTS = 4
DRAIN_DELAY = 0.3


@pytest.fixture
def service(postgres_server: str, kafka_topic: str) -> Iterator[Service]:
    """Yield a service with the settings that the instances share."""
    with ExitStack() as opened:
        url = opened.enter_context(temporary_database(postgres_server))
        settings = Settings(store=url, events=[kafka_topic], jwt=JwtSettings(key=KEY))
        service = opened.enter_context(open_service(settings))
        service.store.migrate()
        service.subscribe()
        yield service


@pytest.fixture
def start(service: Service, tmp_path: Path) -> Iterator[Callable[[], tuple[int, RunningCommand]]]:
    """Return a function that starts an instance and returns its port once it is ready."""
    settings = {
        "HEXACCOUNT_STORE": service.settings.store,
        "HEXACCOUNT_EVENTS": f'["{service.settings.events[0]}"]',
        "HEXACCOUNT_JWT__KEY": KEY,
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LIMITS__ENABLED": "false",
        "HEXACCOUNT_HTTP__DRAIN_DELAY": str(DRAIN_DELAY),
    }
    with ExitStack() as running:

        def start() -> tuple[int, RunningCommand]:
            port = free_port()
            argv = ["http", "--port", str(port), "--workers", "2"]
            command = forked.running(argv, output=tmp_path / f"output-{port}", env=settings, cwd=tmp_path)
            running.enter_context(command)
            command.wait_for_ok(f"http://127.0.0.1:{port}/ready")
            return port, command

        yield start


def test_rolling_restarts_under_load_lose_no_request_and_no_event(
    service: Service,
    start: Callable[[], tuple[int, RunningCommand]],
    kafka_topic: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rotation, stopped = Rotation(), []
    port, instance = start()
    rotation.ports.add(port)
    answered_while_stopping = 0
    with registering(rotation, clients=CLIENTS, seed=20261123) as outcome:
        for _ in range(RESTARTS):
            next_port, next_instance = start()
            rotation.ports.add(next_port)
            while next_port not in rotation.ready:
                time.sleep(0.01)
            before = outcome.responses_of[port]
            rotation.rush.set()
            instance.process.terminate()
            stopped.append(instance.process)
            time.sleep(DRAIN_DELAY + 0.2)
            rotation.rush.clear()
            rotation.ports.discard(port)
            answered_while_stopping += outcome.responses_of[port] - before
            port, instance = next_port, next_instance
    with capsys.disabled():
        sys.stdout.write(
            f"\n{RESTARTS} restarts, {len(outcome.registered)} registrations, {answered_while_stopping} of which by "
            f"stopping instances; sent again: {dict(outcome.sent_again)}\n"
        )
    assert outcome.failures == []
    assert [process.wait(20) for process in stopped] == [0] * RESTARTS
    with open_ledger(service.settings.store) as ledger:
        deadline = time.monotonic() + 20
        while ledger.pending():
            assert time.monotonic() < deadline, "deliveries stay pending"
            time.sleep(0.1)
    assert instance.terminate() == 0

    assert len(set(outcome.registered)) == len(outcome.registered) > 10 * RESTARTS
    assert answered_while_stopping > RESTARTS, "no request was served by an instance that was stopping"
    stored = {str(user.id) for user in all_users(service.store)}
    assert stored == set(outcome.registered)
    delivered = [
        headers for headers in map(headers_of, all_messages(kafka_topic)) if headers["ce_type"] == UserRegistered.type
    ]
    assert {headers["ce_subject"] for headers in delivered} == stored
