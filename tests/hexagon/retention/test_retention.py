import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import pytest

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.expired import KINDS
from hexaccount.events.ports import EventFilter
from hexaccount.idempotency.idempotency_records import EXPIRIES, IdempotencyRecord, claim_key
from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.kernel.periods import AT_ONCE, Period
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.retention.apply_retention import ApplyRetention, RetentionResult, apply_retention
from hexaccount.retention.expired_events import ExpiredEvents
from hexaccount.retention.retention import Retention
from hexaccount.retention.retention_worker import RetentionWorker
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_system import SystemClock
from tests.people import log_in, registration

NOTHING = RetentionResult(removed=dict.fromkeys(KINDS, 0), finished=True)
QUICK = {"interval": timedelta(milliseconds=2), "rest": timedelta(milliseconds=1)}
PATIENCE = 20


def test_a_period_is_a_duration_or_that_of_a_setting(clock: AdjustableClock) -> None:
    retention = Retention({"clearing.retention": timedelta(days=30)})
    kept: list[Period] = [AT_ONCE, timedelta(hours=2), "clearing.retention"]
    ages = [clock.now() - retention.before(period, clock.now()) for period in kept]
    # Two minutes later, as a process whose clock is behind may need it for as long.
    assert [age - CLOCKS_APART for age in ages] == [timedelta(), timedelta(hours=2), timedelta(days=30)]


def test_each_declaration_says_how_long_its_records_are_kept() -> None:
    assert {expiry.kind: expiry.kept for expiry in record_schema().expiries} == {
        "expired_idempotency_records": AT_ONCE,
        "tokens_of_ended_sessions": "clearing.retention",
        "ended_sessions": "clearing.retention",
        "spent_tokens": "clearing.retention",
        "token_salts": "session.refresh_grace",
        "one_time_tokens": "clearing.retention",
    }


def test_a_setting_that_gives_no_duration_is_named(service: Service) -> None:
    for name in ("clearing.other", "clearing", "clearing.retention.days", "relay.enabled", "store"):
        with pytest.raises(TypeError, match=f"{name} is declared as a period"):
            service.settings.seconds(name)


def test_records_of_another_package_are_kept_for_as_long_as_it_declares(
    service: Service, clock: AdjustableClock
) -> None:
    record = IdempotencyRecord(key="one", fingerprint="", claimed_until=clock.now(), expires_at=clock.now())
    claim_key(record, service.store.unit_of_work, now=clock.now())
    expiry = replace(EXPIRIES[0], kind="notes", kept=timedelta(hours=2))

    def removed() -> int:
        result = apply_retention(
            ApplyRetention(),
            retention_store=service.store.retention_store,
            records=RecordSchema((), (expiry,)),
            expired_events=service.container.injector().provide(ExpiredEvents),
            clock=clock,
            retention=Retention({"clearing.retention": timedelta(days=30)}),
        )
        return result.removed["notes"]

    clock.advance(hours=2, minutes=2)
    assert removed() == 0
    clock.advance(milliseconds=1)
    assert removed() == 1


def test_expired_records_are_removed_and_counted(service: Service, clock: AdjustableClock) -> None:
    bus = service.bus
    bus.handle(registration())
    closed, live = (log_in(bus) for _ in range(2))
    bus.handle(LogOut(session_id=closed.session_id))
    clock.advance(days=30, minutes=2)
    assert bus.handle(ApplyRetention()) == NOTHING
    clock.advance(milliseconds=1)
    removed = {"tokens_of_ended_sessions": 1, "ended_sessions": 1}
    assert bus.handle(ApplyRetention()).removed == {**NOTHING.removed, **removed}
    with service.store.unit_of_work() as uow:
        assert Sessions(uow).find(live.session_id) is not None
        assert [entry.sequence for entry in uow.journal.of("session", closed.session_id)] == [1, 2]


def test_events_of_sessions_are_kept_for_as_long_as_the_setting_says(service: Service, clock: AdjustableClock) -> None:
    bus, history = service.bus, service.store.history
    bus.handle(registration())
    bus.handle(LogOut(session_id=log_in(bus).session_id))
    service.deliver_all()
    clock.advance(days=31)
    assert bus.handle(ApplyRetention()).removed["ended_sessions"] == 1
    expires = SystemClock().now() + timedelta(seconds=service.settings.clearing.events)  # as ids have the real time
    clock.advance(seconds=(expires - timedelta(minutes=1) - clock.now()).total_seconds())
    assert bus.handle(ApplyRetention()).removed["expired_events"] == 0
    clock.advance(minutes=4)
    assert bus.handle(ApplyRetention()).removed["expired_events"] == 2
    types = [entry.type for entry in history.page(EventFilter(), limit=10, after=None)]
    assert types == ["hexaccount.user.registered.v1", "hexaccount.profile.created.v1"]


def test_a_run_ends_after_its_batches_and_reports_whether_it_finished(service: Service, clock: AdjustableClock) -> None:
    now = clock.now()
    for number in range(2500):
        old = IdempotencyRecord(key=str(number), fingerprint="", claimed_until=now, expires_at=now)
        claim_key(old, service.store.unit_of_work, now=now)
    clock.advance(minutes=3)
    outcomes = [service.bus.handle(ApplyRetention(batches=batches)) for batches in (1, 1000, 1)]
    assert [outcome.removed["expired_idempotency_records"] for outcome in outcomes] == [1000, 1500, 0]
    assert [outcome.finished for outcome in outcomes] == [False, True, True]


@contextmanager
def running(apply: Callable[[], RetentionResult], **pauses: timedelta) -> Iterator[RetentionWorker]:
    retention_worker = RetentionWorker(apply, **{**QUICK, **pauses})
    thread = Thread(target=retention_worker.run)
    thread.start()
    try:
        yield retention_worker
    finally:
        retention_worker.stop()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_the_worker_continues_after_errors(caplog: pytest.LogCaptureFixture) -> None:
    errors = [StoreUnavailable(), RuntimeError("broken"), StoreUnavailable()]
    continued = Event()

    def work() -> RetentionResult:
        if errors:
            raise errors.pop(0)
        continued.set()
        return NOTHING

    with caplog.at_level(logging.INFO, "hexaccount.retention"), running(work):
        assert continued.wait(PATIENCE)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "WARNING"]


def test_the_worker_repeats_without_its_interval_until_it_finishes(caplog: pytest.LogCaptureFixture) -> None:
    answers = [RetentionResult(removed={"ended_sessions": 1000}, finished=False)] * 5 + [NOTHING]
    retention_worker = RetentionWorker(lambda: answers.pop(0), **QUICK)
    with caplog.at_level(logging.INFO, "hexaccount.retention"):
        retention_worker.run_once()
    assert answers == []
    assert [record.getMessage() for record in caplog.records] == ["removed 1000 ended sessions"] * 5


def test_a_stopped_worker_ends_after_its_current_batch() -> None:
    begun = Event()

    def work() -> RetentionResult:
        begun.set()
        return RetentionResult(removed={}, finished=False)

    with running(work, rest=timedelta(hours=1)) as retention_worker:
        assert begun.wait(PATIENCE)
        began = monotonic()
        retention_worker.stop()
    assert monotonic() - began < 5


def test_workers_wait_for_random_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def record_pause(timeout: float) -> bool:
        pauses.append(timeout)
        return len(pauses) == 200

    retention_worker = RetentionWorker(lambda: NOTHING, interval=timedelta(minutes=1))
    monkeypatch.setattr(retention_worker._stopping, "wait", record_pause)
    retention_worker.run()
    assert min(pauses) >= 30
    assert max(pauses) <= 90
    assert len(set(pauses)) > 100


def test_a_service_with_a_retention_worker_closes_promptly(service: Service) -> None:
    service.start_retention()
    (thread,) = service._threads
    assert thread.is_alive()
    began = monotonic()
    service.close()
    assert monotonic() - began < 5
    assert not thread.is_alive()


def test_the_worker_applies_the_configured_retention(service: Service, clock: AdjustableClock) -> None:
    service.bus.handle(registration())
    session_id = log_in(service.bus).session_id
    clock.advance(days=30 + 14, minutes=2, milliseconds=1)
    service.retention_worker.run_once()
    with service.store.unit_of_work() as uow:
        assert Sessions(uow).find(session_id) is None
