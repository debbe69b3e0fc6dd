"""Whoever delivers events removes leftovers too."""

import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hexaccount.bootstrap.http import LoadWorker
from hexaccount.bootstrap.relaying import run_relays
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import (
    ClearingSettings,
    IdempotencySettings,
    PasswordSettings,
    RelaySettings,
    SessionSettings,
    Settings,
)
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.passwords.log_in import LogIn
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.retention.ports import ExpiredKind
from hexaccount_granian import Draining
from tests.application.people import PASSWORD, registration


def purgers() -> int:
    return [thread.name for thread in threading.enumerate()].count("purger")


@pytest.mark.parametrize("enabled", [True, False])
def test_a_worker_purges_where_it_delivers_events(tmp_path: Path, enabled: bool) -> None:
    settings = Settings(store="memory://", relay=RelaySettings(enabled=enabled))
    worker = LoadWorker(settings, Draining(), tmp_path, workers=1)()
    running = purgers()
    worker.close()
    assert (running, purgers()) == (int(enabled), 0)


def test_the_relay_command_purges_and_needs_no_signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    running: list[int] = []

    def stop_at_once(_: str) -> None:
        running.append(purgers())
        signal.raise_signal(signal.SIGTERM)

    with open_service(Settings(store=f"sqlite:///{tmp_path}/store.db")) as service:
        service.store.migrate()
        run_relays(service, metrics_host="127.0.0.1", metrics_port=None, echo=stop_at_once)
        service.retention_worker.run_once()
    assert (running[0], purgers()) == (1, 0)


def test_what_has_ended_is_kept_for_as_long_as_is_set() -> None:
    clock = AdjustableClock()
    settings = Settings(
        store="memory://",
        password=PasswordSettings(cost=4),
        session=SessionSettings(access_lifetime=1, idle_lifetime=1),
        retention_store=ClearingSettings(retention=7200),
        idempotency=IdempotencySettings(lifetime=120),
    )
    with open_service(settings, clock=clock) as service:
        service.bus.handle(replace(registration("juliet"), idempotency_key="key"))
        service.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
        counts = []
        for seconds in (120, 0.001, 7080.999, 0.001):
            clock.advance(seconds=seconds)
            removed = service.bus.handle(ApplyRetention()).removed
            counts.append((removed[ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS], removed[ExpiredKind.ENDED_SESSIONS]))
    assert counts == [(0, 0), (1, 0), (0, 0), (0, 1)]
