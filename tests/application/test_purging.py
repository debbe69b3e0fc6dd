import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import pytest

from hexaccount.application.log_in import LogIn
from hexaccount.application.log_out import LogOut
from hexaccount.application.ports.clearing import Leftover
from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.ports.unit_of_work import StoreUnavailable
from hexaccount.application.purge import Purge, Purged, Retention
from hexaccount.application.purger import Purger
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from tests.application.people import PASSWORD, registration

NOTHING = Purged(removed=dict.fromkeys(Leftover, 0), finished=True)
QUICK = {"interval": timedelta(milliseconds=2), "rest": timedelta(milliseconds=1)}
PATIENCE = 20


def test_each_leftover_is_kept_for_its_time(clock: AdjustableClock) -> None:
    retention = Retention(ended=timedelta(days=30), refresh_grace=timedelta(minutes=5))
    ages = {kind: clock.now() - retention.before(kind, clock.now()) for kind in Leftover}
    month = timedelta(days=30)
    assert ages == {
        Leftover.TOKENS_OF_ENDED_SESSIONS: month,
        Leftover.ENDED_SESSIONS: month,
        Leftover.SPENT_TOKENS: month,
        Leftover.TOKEN_SALTS: timedelta(minutes=5),
        Leftover.DRAINED_ALLOWANCES: timedelta(),
        Leftover.EXPIRED_REQUESTS: timedelta(),
        Leftover.HANDLED_EVENTS: month,
    }


def test_a_purge_removes_what_has_ended_long_ago_and_counts_it(service: Service, clock: AdjustableClock) -> None:
    bus = service.bus
    bus.handle(registration())
    closed, open_one = (bus.handle(LogIn(user_name="juliet", password=PASSWORD)) for _ in range(2))
    bus.handle(LogOut(session_id=closed.session_id))
    clock.advance(days=30)
    assert bus.handle(Purge()) == NOTHING
    clock.advance(milliseconds=1)
    removed = {Leftover.TOKENS_OF_ENDED_SESSIONS: 1, Leftover.ENDED_SESSIONS: 1}
    assert bus.handle(Purge()).removed == {**NOTHING.removed, **removed}
    with service.store.unit_of_work() as uow:
        assert uow.sessions.find(open_one.session_id) is not None
        assert [entry.sequence for entry in uow.journal.of("session", closed.session_id)] == [1, 2]


def test_a_purge_ends_with_its_batches_and_says_whether_there_may_be_more(
    service: Service, clock: AdjustableClock
) -> None:
    now = clock.now()
    with service.store.unit_of_work() as uow:
        for number in range(2500):
            old = KeyedRequest(key=str(number), fingerprint="", claimed_until=now, expires_at=now)
            uow.keyed_requests.claim(old, now=now)
    clock.advance(seconds=1)
    outcomes = [service.bus.handle(Purge(batches=batches)) for batches in (1, 1000, 1)]
    assert [outcome.removed[Leftover.EXPIRED_REQUESTS] for outcome in outcomes] == [1000, 1500, 0]
    assert [outcome.finished for outcome in outcomes] == [False, True, True]


@contextmanager
def running(purge: Callable[[], Purged], **pauses: timedelta) -> Iterator[Purger]:
    purger = Purger(purge, **{**QUICK, **pauses})
    thread = Thread(target=purger.run)
    thread.start()
    try:
        yield purger
    finally:
        purger.stop()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_purger_goes_on_whatever_went_wrong(caplog: pytest.LogCaptureFixture) -> None:
    troubles = [StoreUnavailable(), RuntimeError("broken"), StoreUnavailable()]
    went_on = Event()

    def work() -> Purged:
        if troubles:
            raise troubles.pop(0)
        went_on.set()
        return NOTHING

    with caplog.at_level(logging.INFO, "hexaccount.purger"), running(work):
        assert went_on.wait(PATIENCE)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "WARNING"]


def test_a_purger_does_not_wait_for_its_next_turn_while_there_is_more(caplog: pytest.LogCaptureFixture) -> None:
    answers = [Purged(removed={Leftover.ENDED_SESSIONS: 1000}, finished=False)] * 5 + [NOTHING]
    purger = Purger(lambda: answers.pop(0), **QUICK)
    with caplog.at_level(logging.INFO, "hexaccount.purger"):
        purger.run_once()
    assert answers == []
    assert [record.getMessage() for record in caplog.records] == ["removed 1000 ended sessions"] * 5


def test_a_purger_that_is_stopped_ends_after_the_batch_in_hand() -> None:
    begun = Event()

    def work() -> Purged:
        begun.set()
        return Purged(removed={}, finished=False)

    with running(work, rest=timedelta(hours=1)) as purger:
        assert begun.wait(PATIENCE)
        stopped = monotonic()
        purger.stop()
    assert monotonic() - stopped < 5


def test_purgers_that_begin_together_do_not_work_together(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def note(timeout: float) -> bool:
        pauses.append(timeout)
        return len(pauses) == 200

    purger = Purger(lambda: NOTHING, interval=timedelta(minutes=1))
    monkeypatch.setattr(purger._stopping, "wait", note)
    purger.run()
    assert min(pauses) >= 30
    assert max(pauses) <= 90
    assert len(set(pauses)) > 100


def test_a_service_that_purges_ends_promptly(service: Service) -> None:
    service.start_purging()
    thread = service._purging
    assert thread is not None
    assert thread.is_alive()
    began = monotonic()
    service.close()
    assert monotonic() - began < 5
    assert not thread.is_alive()


def test_a_service_purges_what_its_settings_say(service: Service, clock: AdjustableClock) -> None:
    service.bus.handle(registration())
    session_id = service.bus.handle(LogIn(user_name="juliet", password=PASSWORD)).session_id
    clock.advance(days=30 + 14, milliseconds=1)
    service.purger.run_once()
    with service.store.unit_of_work() as uow:
        assert uow.sessions.find(session_id) is None
