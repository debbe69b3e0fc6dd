"""What is taken down of messages, events, deliveries and the store."""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.event_metrics import EventMetrics
from hexaccount.events.metrics import (
    EVENTS,
    OUTBOX_AGE,
    OUTBOX_DEAD_LETTERS,
    OUTBOX_EVENTS,
    RELAY_CLAIMS,
    RELAY_DELIVERIES,
    RELAY_SECONDS,
)
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.errors import InvalidInput
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.message_metrics import MessageMetrics
from hexaccount.observability.metrics import MESSAGES, READY
from hexaccount.observability.periodic_task import PeriodicTask
from hexaccount.observability.store_metrics_collector import StoreMetricsCollector
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.metrics import LOGINS
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount.signing_keys.ports import SignerUnreadable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_memory import MemoryMetrics, MemoryStore
from hexaccount_system import SystemClock, Uuid7Identifiers
from tests.application.listeners import Listener, register, relay_of
from tests.application.written_measures import FILE, HEAD, table

LOGIN = LogIn(user_name="juliet", password="a long and winding road")


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


def raising(error: Exception) -> Callable[[], Any]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "done"), (InvalidInput({}), "refused"), (StoreUnavailable(), "failed"), (ZeroDivisionError(), "failed")],
)
def test_a_message_is_told_by_its_type_and_outcome_with_the_time_it_took(
    metrics: MemoryMetrics, error: Exception | None, outcome: str
) -> None:
    figures = MessageMetrics(metrics)
    if error is None:
        assert figures(LOGIN, lambda: 7) == 7
    else:
        with pytest.raises(type(error)):
            figures(LOGIN, raising(error))
    assert metrics.labels_of(MESSAGES) == {("LogIn", outcome)}
    (seconds,) = metrics.observed(MESSAGES, "LogIn", outcome)
    assert 0 < seconds < 10


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "succeeded"),
        (WrongCredentials(), "wrong_credentials"),
        (
            TooManyAttempts(RateLimitStatus(policy="login", quota=5, window=60, remaining=0, wait=1)),
            "too_many_attempts",
        ),
        (HashingOverloaded(1), "overloaded"),
        (StoreUnavailable(), "failed"),
    ],
)
def test_logins_are_counted_by_outcome(metrics: MemoryMetrics, error: Exception | None, outcome: str) -> None:
    figures = MessageMetrics(metrics)
    if error is None:
        assert figures(LOGIN, lambda: 7) == 7
    else:
        with pytest.raises(type(error)):
            figures(LOGIN, raising(error))
    counted = {labels[0]: metrics.figure(LOGINS, *labels) for labels in metrics.labels_of(LOGINS)}
    assert counted == {"succeeded": 0, "wrong_credentials": 0, "too_many_attempts": 0} | {outcome: 1}


def test_other_messages_are_no_logins(metrics: MemoryMetrics) -> None:
    assert MessageMetrics(metrics)(GetProfile(user_id=Uuid7Identifiers().new()), lambda: 7) == 7
    assert {metrics.figure(LOGINS, *labels) for labels in metrics.labels_of(LOGINS)} == {0}


def test_events_are_counted_by_type_once_they_are_stored_and_not_before(
    metrics: MemoryMetrics, clock: AdjustableClock
) -> None:
    store = MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:test", on_commit=EventMetrics(metrics)))
    assert metrics.labels_of(EVENTS) == {(kind,) for kind in EVENT_TYPES}
    register(store, clock, "juliet", disabled=True)
    with pytest.raises(Exception, match="taken"):
        register(store, clock, "juliet")
    told = {kind: metrics.figure(EVENTS, kind) for kind in EVENT_TYPES if metrics.figure(EVENTS, kind)}
    assert told == {"hexaccount.user.registered.v1": 1, "hexaccount.user.disabled.v1": 1}


def deliveries(metrics: MemoryMetrics) -> dict[str, float]:
    return {labels[1]: metrics.figure(RELAY_DELIVERIES, *labels) for labels in metrics.labels_of(RELAY_DELIVERIES)}


def test_deliveries_are_counted_by_what_became_of_them(
    store: MemoryStore, clock: AdjustableClock, metrics: MemoryMetrics
) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, metrics=metrics, attempts=2, first_pause=timedelta(0))
    assert deliveries(metrics) == {"delivered": 0, "failed": 0, "set_aside": 0, "put_off": 0}
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)
    listener.refuse = lambda event: ValueError() if event == "romeo 1" else None
    relay.run_once()
    assert deliveries(metrics) == {"delivered": 2, "failed": 1, "set_aside": 0, "put_off": 0}
    relay.run_once()
    assert deliveries(metrics) == {"delivered": 2, "failed": 1, "set_aside": 1, "put_off": 0}
    assert len(metrics.observed(RELAY_SECONDS, listener.name)) == 5
    assert metrics.figure(RELAY_CLAIMS, listener.name) == 2


@pytest.mark.parametrize("away", [ReceiverUnavailable("no"), StoreUnavailable()])
def test_what_waits_for_who_is_away_is_put_off_and_not_failed(
    store: MemoryStore, clock: AdjustableClock, metrics: MemoryMetrics, away: Exception
) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, metrics=metrics)
    register(store, clock, "juliet")
    listener.refuse = lambda _: away
    with pytest.raises(type(away)):
        relay.run_once()
    assert deliveries(metrics) == {"delivered": 0, "failed": 0, "set_aside": 0, "put_off": 1}


def test_what_has_piled_up_is_told_for_each_subscriber_of_the_settings_and_no_other(
    store: MemoryStore, metrics: MemoryMetrics
) -> None:
    clock = SystemClock()
    for subscriber in ("mailer", "idle", "forgotten"):
        store.outbox.subscribe(subscriber, ["*"] if subscriber != "idle" else ["nothing"])
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo")
    first, *_ = store.outbox.claim("mailer", limit=9, now=clock.now(), lease=timedelta(seconds=1))
    store.outbox.dead_letter(first, error="no")
    later = AdjustableClock(clock.now() + timedelta(seconds=90))
    StoreMetricsCollector(store.outbox, ["mailer", "idle"], check=store.check, clock=later, metrics=metrics).look()
    assert metrics.labels_of(OUTBOX_EVENTS) == {("mailer",), ("idle",)}
    assert metrics.figure(OUTBOX_EVENTS, "mailer") == 2
    assert metrics.figure(OUTBOX_DEAD_LETTERS, "mailer") == 1
    assert 90 <= metrics.figure(OUTBOX_AGE, "mailer") < 120
    assert [metrics.figure(each, "idle") for each in (OUTBOX_EVENTS, OUTBOX_DEAD_LETTERS, OUTBOX_AGE)] == [0, 0, 0]
    assert metrics.figure(READY) == 1


@pytest.mark.parametrize("trouble", [StoreUnavailable(), SchemaMismatch("run migrate"), SignerUnreadable("one")])
def test_what_keeps_a_process_from_its_work_is_told_and_without_noise(
    store: MemoryStore, metrics: MemoryMetrics, trouble: Exception
) -> None:
    troubles: list[Exception] = [trouble]

    def check() -> None:
        if troubles:
            raise troubles.pop()

    watch = StoreMetricsCollector(store.outbox, ["mailer"], check=check, clock=SystemClock(), metrics=metrics)
    watch.look()
    assert metrics.figure(READY) == 0
    assert metrics.labels_of(OUTBOX_EVENTS) == set()
    watch.look()
    assert metrics.figure(READY) == 1


def test_a_lookout_looks_at_once_and_again_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []
    seen = Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            seen.set()
        raise ZeroDivisionError

    lookout = PeriodicTask(look, interval=timedelta(milliseconds=1))
    with caplog.at_level(logging.ERROR, "hexaccount.lookout"):
        lookout.start()
        assert seen.wait(20)
        lookout.stop()
    assert len(looks) == len(caplog.records) >= 3
    PeriodicTask(look, interval=timedelta(hours=1)).stop()


def test_the_documentation_names_every_figure_that_is_told_and_no_other() -> None:
    text = FILE.read_text()
    assert text[text.index(HEAD) :] == table(), "run python -m tests.application.written_measures"
