import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from hexaccount.accounts.user import UserRegistered
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.deliveries import LEASE, MILLISECOND, NOW, SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.interrupted_unit_of_work import interrupted
from hexaccount.conformance.suites.message_buses import PASSWORD, BusFactory, registration
from hexaccount.conformance.suites.transactions import all_users, session_of, user_of
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import HandlingSubscriber, Subscriber
from hexaccount.idempotency.idempotency_keys import RequestInFlight
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.capability import EventHandler
from hexaccount.kernel.clock import CLOCKS_APART, Clock
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.passwords.log_in import LogIn
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock

A_DAY = timedelta(days=1)
LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=1)), GcraBucket(8, timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class ClockAhead(Clock):
    """A clock that is ahead of another one."""

    clock: Clock
    by: timedelta = CLOCKS_APART

    def now(self) -> datetime:
        return self.clock.now() + self.by


class ClocksApartContract(TwoBusesContract):
    """Of two processes, the clock of one is two minutes ahead: neither refuses or loses what the other has accepted."""

    @pytest.fixture
    def clock(self) -> AdjustableClock:
        """Return the clock of the process that is behind."""
        return AdjustableClock(NOW)

    @pytest.fixture
    def behind(self, store: Store, bus_factory: BusFactory, clock: AdjustableClock) -> MessageBus:
        return bus_factory.create_bus(store, clock=clock)

    @pytest.fixture
    def ahead(self, other_store: Store, bus_factory: BusFactory, clock: AdjustableClock) -> MessageBus:
        return bus_factory.create_bus(other_store, clock=ClockAhead(clock))

    @pytest.mark.parametrize("by", [timedelta(seconds=2), CLOCKS_APART, A_DAY])
    def test_a_fresh_token_a_refresh_and_a_logout_are_accepted_by_a_process_that_is_behind(
        self, store: Store, behind: MessageBus, bus_factory: BusFactory, clock: AdjustableClock, by: timedelta
    ) -> None:
        ahead = bus_factory.create_bus(store, clock=ClockAhead(clock, by))
        ahead.handle(registration("juliet"))
        login = log_in(ahead)
        renewed = ahead.handle(RefreshSession(refresh=login.refresh))
        again = behind.handle(RefreshSession(refresh=renewed.refresh))
        assert all(is_alive(behind, issued.token) for issued in (login, renewed, again))
        behind.handle(LogOut(session_id=login.session_id))
        assert not is_alive(behind, again.token)
        assert not is_alive(ahead, login.token)

    def test_a_fresh_token_a_refresh_and_a_logout_are_accepted_by_a_process_that_is_ahead(
        self, behind: MessageBus, ahead: MessageBus
    ) -> None:
        behind.handle(registration("juliet"))
        login = log_in(behind)
        assert is_alive(ahead, login.token)
        renewed = ahead.handle(RefreshSession(refresh=login.refresh))
        assert is_alive(ahead, renewed.token)
        assert is_alive(behind, renewed.token)
        ahead.handle(LogOut(session_id=login.session_id))
        assert not is_alive(behind, renewed.token)

    def test_a_refresh_may_be_repeated_within_the_grace_whatever_retention_removes_elsewhere(
        self, store: Store, behind: MessageBus, ahead: MessageBus
    ) -> None:
        behind.handle(registration("juliet"))
        for first in (behind, ahead):
            login = log_in(behind)
            successor = first.handle(RefreshSession(refresh=login.refresh)).refresh
            ahead.handle(ApplyRetention())
            assert behind.handle(RefreshSession(refresh=login.refresh)).refresh == successor
            assert session_of(store, login.session_id).closed_at is None

    def test_the_grace_of_a_refresh_ends_though_a_clock_was_fast(
        self, store: Store, behind: MessageBus, bus_factory: BusFactory, clock: AdjustableClock
    ) -> None:
        """When that clock used the token is unknown, and so the grace has ended."""
        fast = bus_factory.create_bus(store, clock=ClockAhead(clock, timedelta(hours=1)))
        behind.handle(registration("juliet"))
        login = log_in(behind)
        fast.handle(RefreshSession(refresh=login.refresh))
        with pytest.raises(InvalidRefreshToken):
            behind.handle(RefreshSession(refresh=login.refresh))
        assert session_of(store, login.session_id).closed_at is not None

    def test_retention_elsewhere_leaves_what_a_rate_limit_still_counts(
        self, store: Store, ahead: MessageBus, clock: AdjustableClock
    ) -> None:
        first = store.rate_limits.acquire({"key": LIMIT}, clock.now())["key"]
        ahead.handle(ApplyRetention())
        assert store.rate_limits.acquire({"key": LIMIT}, clock.now())["key"] == LIMIT.fill(first, clock.now())

    def test_a_request_that_is_repeated_elsewhere_meanwhile_registers_one_account(
        self, store: Store, ahead: MessageBus, bus_factory: BusFactory, clock: AdjustableClock
    ) -> None:
        """The claim of the first request has ended by the clock that is ahead."""
        command = replace(registration("juliet"), idempotency_key="key")
        repeated: list[object] = []

        def repeat() -> None:
            repeated.append(ahead.handle(command))

        slow = self.interrupted_bus(store, bus_factory, clock, repeat)
        assert [slow.handle(command)] == repeated == [ahead.handle(command)]
        assert len(all_users(store)) == 1

    def test_a_request_of_a_clock_that_is_ahead_keeps_its_key_from_others(
        self, store: Store, behind: MessageBus, bus_factory: BusFactory, clock: AdjustableClock
    ) -> None:
        command = replace(registration("juliet"), idempotency_key="key")

        def repeat() -> None:
            with pytest.raises(RequestInFlight):
                behind.handle(command)

        first = self.interrupted_bus(store, bus_factory, ClockAhead(clock), repeat)
        assert first.handle(command) == behind.handle(command)
        assert len(all_users(store)) == 1

    def test_a_key_that_a_process_has_claimed_while_its_clock_was_a_day_fast_is_free(
        self, store: Store, behind: MessageBus, bus_factory: BusFactory, clock: AdjustableClock
    ) -> None:
        command = replace(registration("juliet"), idempotency_key="key")
        crashed = self.interrupted_bus(store, bus_factory, ClockAhead(clock, A_DAY), sys.exit)
        with pytest.raises(SystemExit):
            crashed.handle(command)
        user_id = behind.handle(command)
        assert [user.id for user in all_users(store)] == [user_id]

    def test_an_event_that_two_relays_deliver_at_once_has_its_effect_once(
        self, store: Store, other_store: Store, ahead: MessageBus, clock: AdjustableClock
    ) -> None:
        """The lease of the one has ended by the clock of the other, so that both deliver the event."""
        delivered = []
        other = relay(other_store, toggling(other_store), ClockAhead(clock))
        slow = toggling(store, before_commit=lambda: delivered.append(other.run_once()))
        store.outbox.subscribe(slow.name, slow.event_types)
        user_id = ahead.handle(registration("juliet"))
        assert relay(store, slow, clock).run_once() == 1
        assert delivered == [1]
        assert (user_of(store, user_id).version, user_of(store, user_id).disabled) == (2, True)
        assert list(claim(store, slow.name, now=NOW + A_DAY)) == []

    def test_what_a_killed_relay_had_claimed_is_delivered_after_its_lease_and_two_minutes(
        self, store: Store, other_store: Store, ahead: MessageBus, clock: AdjustableClock
    ) -> None:
        subscriber = toggling(store)
        store.outbox.subscribe(subscriber.name, subscriber.event_types)
        user_id = ahead.handle(registration("juliet"))
        assert claim(other_store, subscriber.name, now=ClockAhead(clock).now())
        clock.advance(seconds=(CLOCKS_APART + LEASE - MILLISECOND).total_seconds())
        assert relay(store, subscriber, clock).run_once() == 0
        clock.advance(milliseconds=1)
        assert relay(store, subscriber, clock).run_once() == 1
        assert user_of(store, user_id).disabled

    def test_what_was_claimed_or_delayed_while_a_clock_was_a_day_fast_is_delivered_at_once(
        self, store: Store, other_store: Store, factory: Factory, clock: AdjustableClock
    ) -> None:
        subscriber = toggling(store)
        store.outbox.subscribe(subscriber.name, subscriber.event_types)
        users = [user_with_events(store, factory, 1) for _ in range(2)]
        fast = ClockAhead(clock, A_DAY).now()
        first, _ = claim(other_store, subscriber.name, now=fast)
        other_store.outbox.retry_later(first, until=fast + RelayPolicy().longest_pause, error="it was unreachable")
        assert relay(store, subscriber, clock).run_once() == 2
        assert [user_of(store, user.id).disabled for user in users] == [True, True]

    @staticmethod
    def interrupted_bus(
        store: Store, bus_factory: BusFactory, clock: Clock, before_second_commit: Callable[[], object]
    ) -> MessageBus:
        """Return a bus whose second commit, which opens the account, comes after a call."""
        commits = count(1)
        return bus_factory.create_bus(
            store,
            clock=clock,
            unit_of_work=lambda: interrupted(
                store.unit_of_work(), lambda: before_second_commit() if next(commits) == 2 else None
            ),
        )


def log_in(bus: MessageBus) -> IssuedTokens:
    return bus.handle(LogIn(user_name="juliet", password=PASSWORD))


def toggling(store: Store, before_commit: Callable[[], object] = lambda: None) -> Subscriber:
    """Return a subscriber that disables a new account, and would enable it if it had its effect twice."""

    def toggle(event: UserRegistered, uow: UnitOfWork) -> None:
        user = Users(uow).get(event.user_id)
        (user.enable if user.disabled else user.disable)(event.at)

    handler = EventHandler(name=SUBSCRIBER, event=UserRegistered, handle=toggle)
    return HandlingSubscriber(handler, lambda: interrupted(store.unit_of_work(), before_commit))


def relay(store: Store, subscriber: Subscriber, clock: Clock) -> Relay:
    return Relay(subscriber, outbox=store.outbox, commits=store.commits, clock=clock, policy=RelayPolicy(lease=LEASE))
