from functools import partial
from threading import Barrier
from uuid import UUID

import pytest

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, RacingThreads, check_one_winner, outcome
from hexaccount.conformance.suites.transactions import disable, journal_of, profile_of, save, session_of, user_of
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


class StaleVersionContract(ContractSuite):
    """A change is stored only if the stored version is still the one that was read."""

    def test_the_second_of_two_changes_to_one_account_is_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as first, other_store.unit_of_work() as second:
            Users(first).get(user.id).disable(factory.now())
            Users(second).get(user.id).disable(factory.now())
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.key) == ("user", user.id)
        assert len(journal_of(store, user)) == 2
        assert (user_of(store, user.id).epoch, user_of(store, user.id).version) == (1, 2)

    def test_the_second_of_two_closings_of_one_session_is_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        session = factory.session(user)
        save(store, user, session)
        closed_at = factory.now()
        with store.unit_of_work() as first, other_store.unit_of_work() as second:
            for uow, at in ((first, closed_at), (second, factory.now())):
                found = Sessions(uow).find(session.id)
                assert found
                found.close(at)
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.key) == ("session", session.id)
        stored = session_of(store, session.id)
        assert stored.closed_at == closed_at

    def test_the_second_of_two_changes_to_one_profile_is_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id))
        with store.unit_of_work() as first, other_store.unit_of_work() as second:
            for uow, changes in ((first, {"bio": "first"}), (second, {"phone": "123456"})):
                found = Profiles(uow).find(user.id)
                assert found
                found.update(changes, factory.now())
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.key) == ("profile", user.id)
        stored = profile_of(store, user.id)
        assert (stored.bio, stored.phone, stored.version) == ("first", None, 2)

    def test_an_account_cannot_be_added_under_a_used_id(self, store: Store, factory: Factory) -> None:
        holder = factory.user()
        save(store, holder)
        with pytest.raises(StaleVersion):
            save(store, factory.user(user_id=holder.id, first_name="Mallory"))
        assert user_of(store, holder.id).name == holder.name

    def test_a_session_cannot_be_opened_twice(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session = factory.session(user)
        save(store, user, session)
        with pytest.raises(StaleVersion):
            save(store, factory.session(user, session_id=session.id, user_agent="another"))
        assert session_of(store, session.id).user_agent == session.user_agent

    def test_a_profile_cannot_be_created_twice(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id, bio="first"))
        with pytest.raises(StaleVersion):
            save(store, factory.profile(user.id))
        assert profile_of(store, user.id).bio == "first"

    def test_one_of_two_units_of_work_that_found_no_profile_creates_it(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as first, other_store.unit_of_work() as second:
            assert Profiles(first).find(user.id) is None
            assert Profiles(second).find(user.id) is None
            Profiles(first).add(factory.profile(user.id, bio="first"))
            Profiles(second).add(factory.profile(user.id, bio="second"))
            first.commit()
            with pytest.raises(StaleVersion):
                second.commit()

    def test_the_refusal_names_the_aggregate_that_is_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        users = [factory.user() for _ in range(3)]
        save(store, *users)
        with store.unit_of_work() as uow:
            for user in users:
                Users(uow).get(user.id).disable(factory.now())
            Sessions(uow).add(factory.session(users[0]))
            disable(other_store, users[1].id, factory.now())
            with pytest.raises(StaleVersion) as refusal:
                uow.commit()
        assert (refusal.value.kind, refusal.value.key) == ("user", users[1].id)

    def test_racing_changes_of_the_same_accounts_in_two_orders_do_not_deadlock(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        users = [factory.user() for _ in range(12)]
        save(store, *users)
        ids = [user.id for user in users]
        with RacingThreads(2) as threads:
            for _ in range(40):
                all_read = Barrier(2)
                changes = [
                    partial(self.toggle_all, handle, order, factory, all_read)
                    for handle, order in ((store, ids), (other_store, ids[::-1]))
                ]
                check_one_winner(threads.race(changes), StaleVersion)

    def test_a_concurrent_change_to_an_aggregate_that_was_only_read_does_not_fail_the_commit(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        bystander, changed = factory.user(), factory.user()
        save(store, bystander, changed)
        with store.unit_of_work() as uow:
            Users(uow).get(bystander.id)
            user = Users(uow).get(changed.id)
            disable(other_store, bystander.id, factory.now())
            user.disable(factory.now())
            uow.commit()
        assert user_of(store, changed.id).disabled
        assert user_of(store, bystander.id).version == 2

    def test_the_version_counts_every_event_of_a_commit(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as uow:
            found = Users(uow).get(user.id)
            for _ in range(3):
                found.disable(factory.now())
                found.enable(factory.now())
            uow.commit()
            assert found.version == 7
        assert user_of(store, user.id).version == 7
        assert [entry.sequence for entry in journal_of(store, user)] == list(range(1, 8))

    def test_one_of_16_units_of_work_on_one_version_wins(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        with RacingThreads(16) as threads:
            for number in range(10):
                all_read = Barrier(16)
                changes = [
                    partial(self.toggle, handle, user.id, factory, all_read) for handle in [store, other_store] * 8
                ]
                check_one_winner(threads.race(changes), StaleVersion)
                assert user_of(store, user.id).version == number + 2

    @classmethod
    def toggle(cls, store: Store, user_id: UUID, factory: Factory, all_read: Barrier) -> str:
        """Disable an enabled account or enable a disabled one, after all racers have read the same version."""
        return cls.toggle_all(store, [user_id], factory, all_read)

    @staticmethod
    def toggle_all(store: Store, user_ids: list[UUID], factory: Factory, all_read: Barrier) -> str:
        """Toggle several accounts in one commit."""
        with store.unit_of_work() as uow:
            for user_id in user_ids:
                user = Users(uow).get(user_id)
                (user.enable if user.disabled else user.disable)(factory.now())
            all_read.wait(TIMEOUT_SECONDS)
            return outcome(uow.commit, StaleVersion)
