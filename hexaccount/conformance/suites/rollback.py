from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import (
    add,
    all_users,
    disable,
    find_profile,
    find_session,
    journal_of,
    save,
    user_of,
)
from hexaccount.events.ports import AlreadyHandled, EventsUnitOfWork
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store

SUBSCRIBER = "rollback"


class Interrupted(Exception):
    """An error in the middle of a unit of work."""


class RollbackContract(ContractSuite):
    """Without a commit nothing is stored, in any table."""

    @pytest.fixture
    def existing(self, store: Store, factory: Factory) -> User:
        """Return a stored user; later events are delivered to the subscriber of this suite."""
        user = factory.user("taken")
        save(store, user)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        return user

    def test_leaving_without_a_commit_stores_nothing(self, store: Store, factory: Factory, existing: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
        check_nothing()

    def test_an_exception_stores_nothing_and_propagates(self, store: Store, factory: Factory, existing: User) -> None:
        checks = []

        def raise_before_commit() -> None:
            with store.unit_of_work() as uow:
                checks.append(self.touch_everything(uow, store, factory, existing))
                raise Interrupted

        with pytest.raises(Interrupted):
            raise_before_commit()
        checks[0]()

    def test_a_refused_name_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
            Users(uow).add(factory.user("TAKEN"))
            with pytest.raises(UserNameTaken):
                uow.commit()
        check_nothing()

    def test_a_refused_address_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
            Users(uow).add(factory.user(email=existing.email.text.upper()))
            with pytest.raises(EmailTaken):
                uow.commit()
        check_nothing()

    def test_a_refused_first_change_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        with store.unit_of_work() as uow:
            Users(uow).add(factory.user("taken"))
            check_nothing = self.touch_everything(uow, store, factory, existing)
            with pytest.raises(UserNameTaken):
                uow.commit()
        check_nothing()

    def test_a_stale_aggregate_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        other = factory.user()
        save(store, other)
        self.drain(store)
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
            Users(uow).get(other.id).disable(factory.now())
            disable(store, other.id, factory.now())
            self.drain(store)
            with pytest.raises(StaleVersion):
                uow.commit()
        check_nothing()

    def test_a_handled_event_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            uow.commit()
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
            uow.inbox.add("handler", event_id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        check_nothing()

    def test_an_existing_profile_rolls_back_everything(self, store: Store, factory: Factory, existing: User) -> None:
        other = factory.user()
        save(store, other, factory.profile(other.id))
        self.drain(store)
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, factory, existing)
            Profiles(uow).add(factory.profile(other.id))
            with pytest.raises(StaleVersion):
                uow.commit()
        check_nothing()

    def test_changes_after_the_commit_are_not_stored(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            uow.commit()
            user.disable(factory.now())
            Sessions(uow).add(session := factory.session(user))
            uow.inbox.add("handler", event_id := uuid4())
        assert not user_of(store, user.id).disabled
        assert find_session(store, session.id) is None
        with store.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            uow.commit()

    def test_a_second_commit_stores_the_changes_since_the_first(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        event_id = uuid4()
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            uow.inbox.add("handler", event_id)
            uow.commit()
            uow.commit()
            user.disable(factory.now())
            uow.commit()
        assert user_of(store, user.id).disabled
        assert [entry.sequence for entry in journal_of(store, user)] == [1, 2]

    def test_failed_and_abandoned_units_of_work_leak_no_resources(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("taken"))
        for _ in range(60):
            with pytest.raises(UserNameTaken):
                save(store, factory.user("taken"))
            with store.unit_of_work() as uow:
                Users(uow).find_by_name("taken")
                Users(uow).add(factory.user())
            with suppress(Interrupted), store.unit_of_work() as uow:
                Users(uow).page(limit=1, after=None)
                raise Interrupted
        save(store, factory.user())
        assert len(all_users(store)) == 2

    def touch_everything(
        self, uow: EventsUnitOfWork, store: Store, factory: Factory, existing: User
    ) -> Callable[[], None]:
        """Write to every table, and return a function that checks that nothing was stored."""
        before = state_of(user_of(store, existing.id))
        user = factory.user()
        session = factory.session(user)
        profile = factory.profile(user.id, bio="new")
        event_id = uuid4()
        add(uow, user, session, profile)
        Users(uow).get(existing.id).disable(factory.now())
        Users(uow).get(existing.id).renew_hash(old=existing.password_hash, new="another")
        uow.inbox.add("handler", event_id)

        def check() -> None:
            assert [other.id for other in all_users(store) if other.id == user.id] == []
            assert find_session(store, session.id) is None
            assert find_profile(store, user.id) is None
            assert not any(journal_of(store, aggregate) for aggregate in (user, session, profile))
            assert state_of(user_of(store, existing.id)) == before
            assert user_of(store, existing.id).password_hash == existing.password_hash
            assert [entry.sequence for entry in journal_of(store, existing)] == [1]
            assert self.drain(store) == 0, "an event of a rolled-back change is pending"
            with store.unit_of_work() as later:
                later.inbox.add("handler", event_id)
                later.commit()
            save(store, factory.user(user.name.text, user.email.text))

        return check

    @staticmethod
    def drain(store: Store) -> int:
        """Acknowledge all pending deliveries, and return their number."""
        claimed = store.outbox.claim(SUBSCRIBER, limit=100, now=Factory().now(), lease=timedelta(hours=1)).deliveries
        store.outbox.acknowledge(claimed)
        return len(claimed)
