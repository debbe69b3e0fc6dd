"""Processes that deliver events also remove expired records."""

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hexaccount.bootstrap.http import HttpWorkerFactory
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
from hexaccount.bootstrap.stop_signals import STOP_SIGNALS
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_granian import Draining
from tests.people import log_in, registration


@pytest.fixture
def signals_unblocked_after() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    while signal.sigtimedwait(STOP_SIGNALS, 0) is not None:
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def retention_workers() -> int:
    return [thread.name for thread in threading.enumerate()].count("retention")


@pytest.mark.parametrize("enabled", [True, False])
def test_a_worker_removes_expired_records_if_it_delivers_events(tmp_path: Path, enabled: bool) -> None:
    settings = Settings(store="memory://", relay=RelaySettings(enabled=enabled))
    worker = HttpWorkerFactory(settings, Draining(), tmp_path, workers=1)()
    running = retention_workers()
    worker.close()
    assert (running, retention_workers()) == (int(enabled), 0)


@pytest.mark.usefixtures("signals_unblocked_after")
def test_a_relay_removes_expired_records_without_a_signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    running: list[int] = []

    def stop_at_once(_: str) -> None:
        running.append(retention_workers())
        signal.raise_signal(signal.SIGTERM)

    with open_service(Settings(store=f"sqlite:///{tmp_path}/store.db")) as service:
        service.store.migrate()
        run_relays(service, metrics_host="127.0.0.1", metrics_port=None, echo=stop_at_once)
        service.retention_worker.run_once()
    assert (running[0], retention_workers()) == (1, 0)


def test_expired_records_are_kept_for_their_retention() -> None:
    clock = AdjustableClock()
    settings = Settings(
        store="memory://",
        password=PasswordSettings(cost=4),
        session=SessionSettings(access_lifetime=1, idle_lifetime=1),
        clearing=ClearingSettings(retention=7200),
        idempotency=IdempotencySettings(lifetime=120),
    )
    with open_service(settings, clock=clock) as service:
        service.bus.handle(replace(registration("juliet"), idempotency_key="key"))
        log_in(service.bus)
        counts = []
        for seconds in (240, 0.001, 7080.999, 0.001):
            clock.advance(seconds=seconds)
            removed = service.bus.handle(ApplyRetention()).removed
            counts.append((removed["expired_idempotency_records"], removed["ended_sessions"]))
    assert counts == [(0, 0), (1, 0), (0, 0), (0, 1)]
