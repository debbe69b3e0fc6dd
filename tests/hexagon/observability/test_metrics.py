"""Metrics of messages, events, deliveries and the store."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hexaccount.accounts.get_profile import GetProfile
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
from hexaccount.kernel.rate_limit import RateLimitStatus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.message_metrics import MessageMetrics
from hexaccount.observability.metrics import MESSAGES, READY
from hexaccount.observability.store_metrics_collector import StoreMetricsCollector
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.metrics import LOGINS
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.signing_keys.ports import SignerUnreadable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryMetrics, MemoryStore
from hexaccount_system import SystemClock, Uuid7Identifiers
from tests.event_types import EVENT_TYPES
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, register, relay_of
from tests.hexagon.observability.written_metrics import FILE, HEAD, table
from tests.people import PASSWORD

LOGIN = LogIn(user_name="juliet", password=PASSWORD)


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
def test_a_message_is_measured_by_its_type_outcome_and_duration(
    metrics: MemoryMetrics, error: Exception | None, outcome: str
) -> None:
    message_metrics = MessageMetrics(metrics)
    if error is None:
        assert message_metrics(LOGIN, lambda: 7) == 7
    else:
        with pytest.raises(type(error)):
            message_metrics(LOGIN, raising(error))
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
    message_metrics = MessageMetrics(metrics)
    if error is None:
        assert message_metrics(LOGIN, lambda: 7) == 7
    else:
        with pytest.raises(type(error)):
            message_metrics(LOGIN, raising(error))
    counted = {labels[0]: metrics.figure(LOGINS, *labels) for labels in metrics.labels_of(LOGINS)}
    assert counted == {"succeeded": 0, "wrong_credentials": 0, "too_many_attempts": 0} | {outcome: 1}


def test_other_messages_are_not_counted_as_logins(metrics: MemoryMetrics) -> None:
    assert MessageMetrics(metrics)(GetProfile(user_id=Uuid7Identifiers().new()), lambda: 7) == 7
    assert {metrics.figure(LOGINS, *labels) for labels in metrics.labels_of(LOGINS)} == {0}


def test_events_are_counted_by_type_only_after_their_commit(metrics: MemoryMetrics, clock: AdjustableClock) -> None:
    store = MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:test", on_commit=[EventMetrics(metrics)]))
    assert metrics.labels_of(EVENTS) == {(kind,) for kind in EVENT_TYPES}
    register(store, clock, "juliet", disabled=True)
    with pytest.raises(Exception, match="taken"):
        register(store, clock, "juliet")
    counted = {kind: metrics.figure(EVENTS, kind) for kind in EVENT_TYPES if metrics.figure(EVENTS, kind)}
    assert counted == {"hexaccount.user.registered.v1": 1, "hexaccount.user.disabled.v1": 1}


def deliveries(metrics: MemoryMetrics) -> dict[str, float]:
    return {labels[1]: metrics.figure(RELAY_DELIVERIES, *labels) for labels in metrics.labels_of(RELAY_DELIVERIES)}


def test_deliveries_are_counted_by_outcome(store: MemoryStore, clock: AdjustableClock, metrics: MemoryMetrics) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, metrics=metrics, attempts=2, first_pause=timedelta(0))
    assert deliveries(metrics) == {"delivered": 0, "failed": 0, "dead_lettered": 0, "released": 0}
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)
    subscriber.error_of = lambda event: ValueError() if event == "romeo 1" else None
    relay.run_once()
    assert deliveries(metrics) == {"delivered": 2, "failed": 1, "dead_lettered": 0, "released": 0}
    relay.run_once()
    assert deliveries(metrics) == {"delivered": 2, "failed": 1, "dead_lettered": 1, "released": 0}
    assert len(metrics.observed(RELAY_SECONDS, subscriber.name)) == 5
    assert metrics.figure(RELAY_CLAIMS, subscriber.name) == 2


@pytest.mark.parametrize("error", [ReceiverUnavailable("no"), StoreUnavailable()])
def test_a_delivery_to_an_unavailable_receiver_counts_as_released_not_failed(
    store: MemoryStore, clock: AdjustableClock, metrics: MemoryMetrics, error: Exception
) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, metrics=metrics)
    register(store, clock, "juliet")
    subscriber.error_of = lambda _: error
    with pytest.raises(type(error)):
        relay.run_once()
    assert deliveries(metrics) == {"delivered": 0, "failed": 0, "dead_lettered": 0, "released": 1}


def test_the_backlog_is_measured_for_configured_subscribers_only(store: MemoryStore, metrics: MemoryMetrics) -> None:
    clock = SystemClock()
    for subscriber in ("mailer", "idle", "orphaned"):
        store.outbox.subscribe(subscriber, ["*"] if subscriber != "idle" else ["nothing"])
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo")
    first, *_ = store.outbox.claim("mailer", limit=9, now=clock.now(), lease=timedelta(seconds=1)).deliveries
    store.outbox.dead_letter(first, error="no")
    later = AdjustableClock(clock.now() + timedelta(seconds=90))
    StoreMetricsCollector(store.outbox, ["mailer", "idle"], check=store.check, clock=later, metrics=metrics).collect()
    assert metrics.labels_of(OUTBOX_EVENTS) == {("mailer",), ("idle",)}
    assert metrics.figure(OUTBOX_EVENTS, "mailer") == 2
    assert metrics.figure(OUTBOX_DEAD_LETTERS, "mailer") == 1
    assert 90 <= metrics.figure(OUTBOX_AGE, "mailer") < 120
    assert [metrics.figure(each, "idle") for each in (OUTBOX_EVENTS, OUTBOX_DEAD_LETTERS, OUTBOX_AGE)] == [0, 0, 0]
    assert metrics.figure(READY) == 1


@pytest.mark.parametrize("error", [StoreUnavailable(), SchemaMismatch("run migrate"), SignerUnreadable("one")])
def test_a_failing_check_makes_the_process_not_ready_and_raises_nothing(
    store: MemoryStore, metrics: MemoryMetrics, error: Exception
) -> None:
    errors: list[Exception] = [error]

    def check() -> None:
        if errors:
            raise errors.pop()

    collector = StoreMetricsCollector(store.outbox, ["mailer"], check=check, clock=SystemClock(), metrics=metrics)
    collector.collect()
    assert metrics.figure(READY) == 0
    assert metrics.labels_of(OUTBOX_EVENTS) == set()
    collector.collect()
    assert metrics.figure(READY) == 1


def test_the_documentation_lists_every_metric_and_no_other() -> None:
    text = FILE.read_text()
    assert text[text.index(HEAD) :] == table(), "run python -m tests.hexagon.observability.written_metrics"
