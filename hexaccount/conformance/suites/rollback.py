from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import (
    add,
    all_users,
    disable,
    journal_of,
    profile_of,
    save,
    session_of,
    user_of,
)
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork

WATCHER = "watcher"


class Interrupted(Exception):
    """What goes wrong in the middle of a unit of work."""


class RollbackContract(ContractSuite):
    """What was not committed has not happened, in any table."""

    @pytest.fixture
    def known(self, store: Store, people: People) -> User:
        """Return an account that was there before, and begin to watch what is owed from here."""
        user = people.user("known")
        save(store, user)
        store.outbox.subscribe(WATCHER, ["*"])
        return user

    def test_leaving_without_a_commit_stores_nothing(self, store: Store, people: People, known: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
        check_nothing()

    def test_an_exception_stores_nothing_and_passes_through(self, store: Store, people: People, known: User) -> None:
        checks = []

        def fail_halfway() -> None:
            with store.unit_of_work() as uow:
                checks.append(self.touch_everything(uow, store, people, known))
                raise Interrupted

        with pytest.raises(Interrupted):
            fail_halfway()
        checks[0]()

    def test_a_refused_name_undoes_all_the_rest(self, store: Store, people: People, known: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
            uow.users.add(people.user("KNOWN"))
            with pytest.raises(UserNameTaken):
                uow.commit()
        check_nothing()

    def test_a_refused_address_undoes_all_the_rest(self, store: Store, people: People, known: User) -> None:
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
            uow.users.add(people.user(email=known.email.text.upper()))
            with pytest.raises(EmailTaken):
                uow.commit()
        check_nothing()

    def test_a_refusal_that_comes_first_undoes_all_the_rest(self, store: Store, people: People, known: User) -> None:
        with store.unit_of_work() as uow:
            uow.users.add(people.user("known"))
            check_nothing = self.touch_everything(uow, store, people, known)
            with pytest.raises(UserNameTaken):
                uow.commit()
        check_nothing()

    def test_a_stale_aggregate_undoes_all_the_rest(self, store: Store, people: People, known: User) -> None:
        other = people.user()
        save(store, other)
        self.drain(store)
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
            uow.users.get(other.id).disable(people.now())
            disable(store, other.id, people.now())
            self.drain(store)
            with pytest.raises(StaleVersion):
                uow.commit()
        check_nothing()

    def test_an_event_that_was_handled_before_undoes_all_the_rest(
        self, store: Store, people: People, known: User
    ) -> None:
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            uow.commit()
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
            uow.inbox.add("handler", event_id)
            with pytest.raises(AlreadyHandled):
                uow.commit()
        check_nothing()

    def test_a_profile_that_is_there_already_undoes_all_the_rest(
        self, store: Store, people: People, known: User
    ) -> None:
        other = people.user()
        save(store, other, people.profile(other.id))
        self.drain(store)
        with store.unit_of_work() as uow:
            check_nothing = self.touch_everything(uow, store, people, known)
            uow.profiles.add(people.profile(other.id))
            with pytest.raises(StaleVersion):
                uow.commit()
        check_nothing()

    def test_what_is_changed_after_the_commit_is_not_stored(self, store: Store, people: People) -> None:
        user = people.user()
        with store.unit_of_work() as uow:
            uow.users.add(user)
            uow.commit()
            user.disable(people.now())
            uow.sessions.add(session := people.session(user))
            uow.inbox.add("handler", event_id := uuid4())
        assert not user_of(store, user.id).disabled
        assert session_of(store, session.id) is None
        with store.unit_of_work() as uow:
            uow.inbox.add("handler", event_id)
            uow.commit()

    def test_a_second_commit_stores_what_came_after_the_first(self, store: Store, people: People) -> None:
        user = people.user()
        event_id = uuid4()
        with store.unit_of_work() as uow:
            uow.users.add(user)
            uow.inbox.add("handler", event_id)
            uow.commit()
            uow.commit()
            user.disable(people.now())
            uow.commit()
        assert user_of(store, user.id).disabled
        assert [entry.sequence for entry in journal_of(store, user)] == [1, 2]

    def test_units_of_work_that_fail_or_are_left_do_not_use_the_store_up(self, store: Store, people: People) -> None:
        save(store, people.user("known"))
        for _ in range(60):
            with pytest.raises(UserNameTaken):
                save(store, people.user("known"))
            with store.unit_of_work() as uow:
                uow.users.find_by_name("known")
                uow.users.add(people.user())
            with suppress(Interrupted), store.unit_of_work() as uow:
                uow.users.page(limit=1, after=None)
                raise Interrupted
        save(store, people.user())
        assert len(all_users(store)) == 2

    def touch_everything(self, uow: UnitOfWork, store: Store, people: People, known: User) -> Callable[[], None]:
        """Write to every table and return what checks that nothing of it was stored."""
        before = state_of(user_of(store, known.id))
        user = people.user()
        session = people.session(user)
        profile = people.profile(user.id, bio="new")
        event_id = uuid4()
        add(uow, user, session, profile)
        uow.users.get(known.id).disable(people.now())
        uow.users.replace_hash(known.id, old=known.password_hash, new="another")
        uow.inbox.add("handler", event_id)

        def check() -> None:
            assert [other.id for other in all_users(store) if other.id == user.id] == []
            assert session_of(store, session.id) is None
            assert profile_of(store, user.id) is None
            assert not any(journal_of(store, gone) for gone in (user, session, profile))
            assert state_of(user_of(store, known.id)) == before
            assert user_of(store, known.id).password_hash == known.password_hash
            assert [entry.sequence for entry in journal_of(store, known)] == [1]
            assert self.drain(store) == 0, "an event is owed that did not happen"
            with store.unit_of_work() as again:
                again.inbox.add("handler", event_id)
                again.commit()
            save(store, people.user(user.name.text, user.email.text))

        return check

    @staticmethod
    def drain(store: Store) -> int:
        """Take what is owed to the watcher and tell how much it was."""
        claimed = store.outbox.claim(WATCHER, limit=100, now=People().now(), lease=timedelta(hours=1))
        store.outbox.acknowledge(claimed)
        return len(claimed)
