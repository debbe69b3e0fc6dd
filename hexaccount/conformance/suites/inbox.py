from functools import partial
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.user import UserRegistered
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers, check_one_winner, outcome
from hexaccount.conformance.suites.storing import journal_of, profile_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import AlreadyHandled
from hexaccount.events.subscribers import HandlingSubscriber
from hexaccount.kernel.event import Event
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork


class InboxContract(ContractSuite):
    """An event has its effect once, as the note of its handling is stored with the effect."""

    def test_an_event_is_handled_once_by_each_subscriber(self, store: Store, another: Store) -> None:
        event_id = uuid4()
        self.note(store, "first", event_id)
        self.note(another, "second", event_id)
        self.note(store, "first", uuid4())
        for handle in (store, another):
            with pytest.raises(AlreadyHandled):
                self.note(handle, "first", event_id)

    def test_an_event_cannot_be_handled_twice_by_one_unit_of_work(self, store: Store) -> None:
        event_id = uuid4()
        with pytest.raises(AlreadyHandled):
            self.note(store, "first", event_id, event_id)
        self.note(store, "first", event_id)

    def test_a_batch_that_holds_a_handled_event_has_no_effect(self, store: Store, people: People) -> None:
        handled, fresh = uuid4(), uuid4()
        self.note(store, "first", handled)
        user = people.user()
        with store.unit_of_work() as uow:
            uow.users.add(user)
            uow.inbox.add("first", fresh)
            uow.inbox.add("first", handled)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        save(store, user)
        self.note(store, "first", fresh)

    def test_a_handling_that_was_not_committed_may_be_repeated(self, store: Store, people: People) -> None:
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.inbox.add("first", event_id)
        self.note(store, "first", event_id)

    def test_it_is_the_commit_that_refuses(self, store: Store) -> None:
        event_id = uuid4()
        with store.unit_of_work() as late:
            late.inbox.add("first", event_id)
            self.note(store, "first", event_id)
            with pytest.raises(AlreadyHandled):
                late.commit()

    def test_of_racing_handlings_one_has_its_effect(self, store: Store, another: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        with Racers(8) as racers:
            for _ in range(20):
                event_id = uuid4()
                sessions = [people.session(user) for _ in range(8)]
                handles = [store, another] * 4
                works = [
                    partial(self.open_as_the_effect, *pair, event_id) for pair in zip(handles, sessions, strict=True)
                ]
                check_one_winner(racers.race(works), AlreadyHandled)
                assert len([session for session in sessions if session_of(store, session.id)]) == 1

    def test_racing_batches_of_the_same_events_in_two_orders_have_one_effect(
        self, store: Store, another: Store, people: People
    ) -> None:
        with Racers(2) as racers:
            for _ in range(40):
                event_ids = [uuid4() for _ in range(12)]
                works = [
                    partial(self.handle_all, handle, order)
                    for handle, order in ((store, event_ids), (another, event_ids[::-1]))
                ]
                check_one_winner(racers.race(works), AlreadyHandled)

    def test_a_handling_subscriber_has_one_effect_however_often_it_is_delivered_to(
        self, store: Store, another: Store, people: People
    ) -> None:
        users = [people.user() for _ in range(10)]
        save(store, *users)
        entries = [journal_of(store, user)[0] for user in users]
        subscribers = [self.disabler(handle, people) for handle in (store, another) * 3]
        with Racers(len(subscribers)) as racers:
            for entry in entries:
                racers.race(partial(subscriber.deliver, [entry]) for subscriber in subscribers)
        assert [user_of(store, user.id).epoch for user in users] == [1] * 10
        assert [len(journal_of(store, user)) for user in users] == [3] * 10

    def test_a_batch_is_handled_in_one_transaction(self, store: Store, people: People) -> None:
        users = [people.user() for _ in range(5)]
        save(store, *users)
        entries = [journal_of(store, user)[0] for user in users]

        def create(event: Event, uow: UnitOfWork) -> None:
            if event.user_id == users[-1].id:
                raise RuntimeError("the last one fails")
            uow.profiles.add(people.profile(event.user_id))

        subscriber = HandlingSubscriber("creator", UserRegistered, create, store.unit_of_work)
        with pytest.raises(RuntimeError):
            subscriber.deliver(entries)
        assert [profile_of(store, user.id) for user in users] == [None] * 5
        subscriber.deliver(entries[:-1])
        assert [bool(profile_of(store, user.id)) for user in users] == [True] * 4 + [False]

    @staticmethod
    def disabler(store: Store, people: People) -> HandlingSubscriber:
        """Return a subscriber whose effect can be counted: it disables and enables the account again."""

        def handle(event: Event, uow: UnitOfWork) -> None:
            user = uow.users.get(event.user_id)
            user.disable(people.now())
            user.enable(people.now())

        return HandlingSubscriber("disabler", UserRegistered, handle, store.unit_of_work)

    @staticmethod
    def open_as_the_effect(store: Store, session: Session, event_id: UUID) -> str:
        """Handle an event by opening a session."""
        with store.unit_of_work() as uow:
            uow.sessions.add(session)
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
    def note(store: Store, subscriber: str, *event_ids: UUID) -> None:
        """Commit that events were handled."""
        with store.unit_of_work() as uow:
            for event_id in event_ids:
                uow.inbox.add(subscriber, event_id)
            uow.commit()
