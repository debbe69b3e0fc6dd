from functools import partial
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import UserRegistered
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads, check_one_winner, outcome
from hexaccount.conformance.suites.transactions import find_profile, find_session, journal_of, save, user_of
from hexaccount.events.ports import AlreadyHandled, EventsUnitOfWork
from hexaccount.events.subscribers import HandlingSubscriber
from hexaccount.kernel.capability import EventHandler
from hexaccount.kernel.event import Event
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


class InboxContract(ContractSuite):
    """An event has its effect once: the inbox entry is committed with the effect."""

    def test_an_event_is_handled_once_by_each_subscriber(self, store: Store, other_store: Store) -> None:
        event_id = uuid4()
        self.mark_handled(store, "first", event_id)
        self.mark_handled(other_store, "second", event_id)
        self.mark_handled(store, "first", uuid4())
        for handle in (store, other_store):
            with pytest.raises(AlreadyHandled):
                self.mark_handled(handle, "first", event_id)

    def test_subscribers_and_events_with_a_long_common_prefix_are_different(self, store: Store) -> None:
        first, prefix = uuid4().int & ~0xFF, "x" * 300
        for number in range(3):
            for end in ("one", "two"):
                self.mark_handled(store, prefix + end, UUID(int=first + number))
        with pytest.raises(AlreadyHandled):
            self.mark_handled(store, f"{prefix}two", UUID(int=first + 2))

    def test_one_unit_of_work_cannot_handle_an_event_twice(self, store: Store) -> None:
        event_id = uuid4()
        with pytest.raises(AlreadyHandled):
            self.mark_handled(store, "first", event_id, event_id)
        self.mark_handled(store, "first", event_id)

    def test_a_batch_that_holds_a_handled_event_has_no_effect(self, store: Store, factory: Factory) -> None:
        handled, fresh = uuid4(), uuid4()
        self.mark_handled(store, "first", handled)
        user = factory.user()
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            uow.inbox.add("first", fresh)
            uow.inbox.add("first", handled)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        save(store, user)
        self.mark_handled(store, "first", fresh)

    def test_handling_can_be_repeated_if_it_was_not_committed(self, store: Store, factory: Factory) -> None:
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.inbox.add("first", event_id)
        self.mark_handled(store, "first", event_id)

    def test_the_commit_refuses_a_handled_event(self, store: Store) -> None:
        event_id = uuid4()
        with store.unit_of_work() as late:
            late.inbox.add("first", event_id)
            self.mark_handled(store, "first", event_id)
            with pytest.raises(AlreadyHandled):
                late.commit()

    def test_one_of_racing_handlers_has_its_effect(self, store: Store, other_store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        with RacingThreads(8) as threads:
            for _ in range(20):
                event_id = uuid4()
                sessions = [factory.session(user) for _ in range(8)]
                handles = [store, other_store] * 4
                calls = [
                    partial(self.handle_by_opening_session, *pair, event_id)
                    for pair in zip(handles, sessions, strict=True)
                ]
                check_one_winner(threads.race(calls), AlreadyHandled)
                assert len([session for session in sessions if find_session(store, session.id)]) == 1

    def test_one_of_racing_batches_of_the_same_events_in_two_orders_has_its_effect(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        with RacingThreads(2) as threads:
            for _ in range(40):
                event_ids = [uuid4() for _ in range(12)]
                calls = [
                    partial(self.handle_all, handle, order)
                    for handle, order in ((store, event_ids), (other_store, event_ids[::-1]))
                ]
                check_one_winner(threads.race(calls), AlreadyHandled)

    def test_repeated_deliveries_to_a_handling_subscriber_have_one_effect(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        users = [factory.user() for _ in range(10)]
        save(store, *users)
        entries = [journal_of(store, user)[0] for user in users]
        subscribers = [self.disabler(handle, factory) for handle in (store, other_store) * 3]
        with RacingThreads(len(subscribers)) as threads:
            for entry in entries:
                threads.race(partial(subscriber.deliver, [entry]) for subscriber in subscribers)
        assert [user_of(store, user.id).epoch for user in users] == [1] * 10
        assert [len(journal_of(store, user)) for user in users] == [3] * 10

    def test_a_batch_is_handled_in_one_transaction(self, store: Store, factory: Factory) -> None:
        users = [factory.user() for _ in range(5)]
        save(store, *users)
        entries = [journal_of(store, user)[0] for user in users]

        def create_profile(event: Event, uow: EventsUnitOfWork) -> None:
            if event.user_id == users[-1].id:
                raise RuntimeError("the last event fails")
            Profiles(uow).add(factory.profile(event.user_id))

        subscriber = HandlingSubscriber(
            EventHandler(name="creator", event=UserRegistered, handle=create_profile), store.unit_of_work
        )
        with pytest.raises(RuntimeError):
            subscriber.deliver(entries)
        assert [find_profile(store, user.id) for user in users] == [None] * 5
        subscriber.deliver(entries[:-1])
        assert [bool(find_profile(store, user.id)) for user in users] == [True] * 4 + [False]

    @staticmethod
    def disabler(store: Store, factory: Factory) -> HandlingSubscriber:
        """Return a subscriber whose effects can be counted: it disables and enables the account."""

        def handle(event: Event, uow: EventsUnitOfWork) -> None:
            user = Users(uow).get(event.user_id)
            user.disable(factory.now())
            user.enable(factory.now())

        return HandlingSubscriber(
            EventHandler(name="disabler", event=UserRegistered, handle=handle), store.unit_of_work
        )

    @staticmethod
    def handle_by_opening_session(store: Store, session: Session, event_id: UUID) -> str:
        """Handle an event; its effect is the session."""
        with store.unit_of_work() as uow:
            Sessions(uow).add(session)
            uow.inbox.add("first", event_id)
            return outcome(uow.commit, AlreadyHandled)

    @staticmethod
    def handle_all(store: Store, event_ids: list[UUID]) -> str:
        """Handle several events in one commit."""
        with store.unit_of_work() as uow:
            for event_id in event_ids:
                uow.inbox.add("first", event_id)
            return outcome(uow.commit, AlreadyHandled)

    @staticmethod
    def mark_handled(store: Store, subscriber: str, *event_ids: UUID) -> None:
        with store.unit_of_work() as uow:
            for event_id in event_ids:
                uow.inbox.add(subscriber, event_id)
            uow.commit()
