from functools import partial
from threading import Barrier
from uuid import UUID

import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE, Racers, check_one_winner, outcome
from hexaccount.conformance.suites.storing import disable, journal_of, profile_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store


class StaleVersionContract(ContractSuite):
    """A change is stored only on the version that it was made on."""

    def test_the_second_of_two_changes_to_one_account_is_stale(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as first, another.unit_of_work() as second:
            first.users.get(user.id).disable(people.now())
            second.users.get(user.id).disable(people.now())
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.aggregate_id) == ("user", user.id)
        assert len(journal_of(store, user)) == 2
        assert (user_of(store, user.id).epoch, user_of(store, user.id).version) == (1, 2)

    def test_the_second_of_two_closings_of_one_session_is_stale(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        session = people.session(user)
        save(store, user, session)
        closed_at = people.now()
        with store.unit_of_work() as first, another.unit_of_work() as second:
            for uow, at in ((first, closed_at), (second, people.now())):
                found = uow.sessions.find(session.id)
                assert found
                found.close(at)
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.aggregate_id) == ("session", session.id)
        stored = session_of(store, session.id)
        assert stored
        assert stored.closed_at == closed_at

    def test_the_second_of_two_changes_to_one_profile_is_stale(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user, people.profile(user.id))
        with store.unit_of_work() as first, another.unit_of_work() as second:
            for uow, changes in ((first, {"bio": "first"}), (second, {"phone": "123456"})):
                found = uow.profiles.find(user.id)
                assert found
                found.update(changes, people.now())
            first.commit()
            with pytest.raises(StaleVersion) as refusal:
                second.commit()
        assert (refusal.value.kind, refusal.value.aggregate_id) == ("profile", user.id)
        stored = profile_of(store, user.id)
        assert stored
        assert (stored.bio, stored.phone, stored.version) == ("first", None, 2)

    def test_an_account_cannot_be_opened_under_an_id_that_is_taken(self, store: Store, people: People) -> None:
        holder = people.user()
        save(store, holder)
        with pytest.raises(StaleVersion):
            save(store, people.user(user_id=holder.id, first_name="Mallory"))
        assert user_of(store, holder.id).name == holder.name

    def test_a_session_cannot_be_opened_twice(self, store: Store, people: People) -> None:
        user = people.user()
        session = people.session(user)
        save(store, user, session)
        with pytest.raises(StaleVersion):
            save(store, people.session(user, session_id=session.id, user_agent="another"))
        stored = session_of(store, session.id)
        assert stored
        assert stored.user_agent == session.user_agent

    def test_a_profile_cannot_be_created_twice(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user, people.profile(user.id, bio="first"))
        with pytest.raises(StaleVersion):
            save(store, people.profile(user.id))
        stored = profile_of(store, user.id)
        assert stored
        assert stored.bio == "first"

    def test_a_profile_is_created_once_by_those_who_both_found_none(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as first, another.unit_of_work() as second:
            assert first.profiles.find(user.id) is None
            assert second.profiles.find(user.id) is None
            first.profiles.add(people.profile(user.id, bio="first"))
            second.profiles.add(people.profile(user.id, bio="second"))
            first.commit()
            with pytest.raises(StaleVersion):
                second.commit()

    def test_the_refusal_names_the_aggregate_that_is_stale(self, store: Store, another: Store, people: People) -> None:
        users = [people.user() for _ in range(3)]
        save(store, *users)
        with store.unit_of_work() as uow:
            for user in users:
                uow.users.get(user.id).disable(people.now())
            uow.sessions.add(people.session(users[0]))
            disable(another, users[1].id, people.now())
            with pytest.raises(StaleVersion) as refusal:
                uow.commit()
        assert (refusal.value.kind, refusal.value.aggregate_id) == ("user", users[1].id)

    def test_racing_changes_of_the_same_accounts_in_two_orders_are_stale_at_worst(
        self, store: Store, another: Store, people: People
    ) -> None:
        users = [people.user() for _ in range(12)]
        save(store, *users)
        ids = [user.id for user in users]
        with Racers(2) as racers:
            for _ in range(40):
                all_have_read = Barrier(2)
                changes = [
                    partial(self.toggle_all, handle, order, people, all_have_read)
                    for handle, order in ((store, ids), (another, ids[::-1]))
                ]
                check_one_winner(racers.race(changes), StaleVersion)

    def test_what_is_only_read_may_be_changed_by_others(self, store: Store, another: Store, people: People) -> None:
        bystander, changed = people.user(), people.user()
        save(store, bystander, changed)
        with store.unit_of_work() as uow:
            uow.users.get(bystander.id)
            user = uow.users.get(changed.id)
            disable(another, bystander.id, people.now())
            user.disable(people.now())
            uow.commit()
        assert user_of(store, changed.id).disabled
        assert user_of(store, bystander.id).version == 2

    def test_the_version_counts_the_events_also_those_of_one_commit(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as uow:
            found = uow.users.get(user.id)
            for _ in range(3):
                found.disable(people.now())
                found.enable(people.now())
            uow.commit()
            assert found.version == 7
        assert user_of(store, user.id).version == 7
        assert [entry.sequence for entry in journal_of(store, user)] == list(range(1, 8))

    def test_of_16_units_of_work_on_one_version_one_wins(self, store: Store, another: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        with Racers(16) as racers:
            for number in range(10):
                all_have_read = Barrier(16)
                changes = [
                    partial(self.toggle, handle, user.id, people, all_have_read) for handle in [store, another] * 8
                ]
                check_one_winner(racers.race(changes), StaleVersion)
                assert user_of(store, user.id).version == number + 2

    @classmethod
    def toggle(cls, store: Store, user_id: UUID, people: People, all_have_read: Barrier) -> str:
        """Disable an enabled account or enable a disabled one, once everybody has read the same version of it."""
        return cls.toggle_all(store, [user_id], people, all_have_read)

    @staticmethod
    def toggle_all(store: Store, user_ids: list[UUID], people: People, all_have_read: Barrier) -> str:
        """Do so with several accounts in one commit."""
        with store.unit_of_work() as uow:
            for user_id in user_ids:
                user = uow.users.get(user_id)
                (user.enable if user.disabled else user.disable)(people.now())
            all_have_read.wait(PATIENCE)
            return outcome(uow.commit, StaleVersion)
