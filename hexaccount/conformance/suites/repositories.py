from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.names import PersonName
from hexaccount.accounts.role import Role
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE, race
from hexaccount.conformance.suites.storing import disable, profile_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store

MOMENTS = {
    "a millisecond": datetime(2026, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC),
    "999 milliseconds": datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "no fraction": datetime(2026, 1, 1, tzinfo=UTC),
    "a tenth": datetime(2026, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC),
    "the leap day": datetime(2028, 2, 29, 12, 0, 0, 5_000, tzinfo=UTC),
    "where clocks are put back": datetime(2026, 10, 25, 1, 30, 0, 7_000, tzinfo=UTC),
    "before 1970": datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "beyond 2038": datetime(2038, 1, 19, 3, 14, 8, 1_000, tzinfo=UTC),
    "not exact as a float": datetime(2261, 4, 11, 23, 47, 16, 854_000, tzinfo=UTC),
}


class RepositoriesContract(ContractSuite):
    """What is looked up is what was stored, as an object of the reader's own."""

    def test_an_unknown_account_cannot_be_got(self, store: Store, people: People) -> None:
        save(store, people.user())
        with store.unit_of_work() as uow, pytest.raises(UserNotFound):
            uow.users.get(people.new_id())

    def test_what_is_not_there_is_found_to_be_none(self, store: Store, people: People) -> None:
        user = people.user("anna", "anna@example.org")
        save(store, user)
        with store.unit_of_work() as uow:
            assert uow.users.find_by_name("berta") is None
            assert uow.users.find_by_email("berta@example.org") is None
            assert uow.sessions.find(user.id) is None
            assert uow.sessions.find_with_user(user.id) is None
            assert uow.profiles.find(user.id) is None

    def test_prefetched_profiles_are_those_that_are_found(self, store: Store, people: People) -> None:
        anna, berta = people.user(), people.user()
        save(store, anna, berta, people.profile(anna.id, bio="told"))
        with store.unit_of_work() as uow:
            uow.profiles.prefetch([anna.id, berta.id])
            found = uow.profiles.find(anna.id)
            assert found is not None
            assert found.bio == "told"
            assert uow.profiles.find(berta.id) is None
            uow.profiles.add(people.profile(berta.id))
            assert uow.profiles.find(berta.id) is not None
            uow.commit()
        stored = profile_of(store, berta.id)
        assert stored is not None
        assert stored.version == 1

    def test_a_profile_that_somebody_adds_after_the_prefetch_is_not_overwritten(
        self, store: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as uow:
            uow.profiles.prefetch([user.id])
            save(store, people.profile(user.id, bio="faster"))
            if uow.profiles.find(user.id) is None:
                uow.profiles.add(people.profile(user.id))
                with pytest.raises(StaleVersion):
                    uow.commit()
        stored = profile_of(store, user.id)
        assert stored is not None
        assert stored.bio == "faster"

    @pytest.mark.parametrize("key", ["", "%", "_nna", "ann", "anna ", "ANNA", "anna'", "*", ".*", "anna\\"])
    def test_a_look_up_takes_the_key_as_it_is(self, store: Store, people: People, key: str) -> None:
        save(store, people.user("anna", "anna@example.org"))
        with store.unit_of_work() as uow:
            assert uow.users.find_by_name(key) is None
            assert uow.users.find_by_email(key) is None

    def test_an_account_is_found_by_all_that_names_it(self, store: Store, people: People) -> None:
        users = [people.user("Anna", "Anna@example.org", role=Role.ADMIN), people.user("Berta", "b@example.org")]
        save(store, *users)
        for user in users:
            with store.unit_of_work() as uow:
                by_name = uow.users.find_by_name(user.name.key)
            with store.unit_of_work() as uow:
                by_email = uow.users.find_by_email(user.email.key)
            assert by_name
            assert by_email
            found = [state_of(other) for other in (by_name, by_email, user_of(store, user.id))]
            assert found == [state_of(user)] * 3

    def test_one_unit_of_work_has_one_object_for_one_account(self, store: Store, people: People) -> None:
        user = people.user()
        session = people.session(user)
        save(store, user, session, people.profile(user.id))
        with store.unit_of_work() as uow:
            first = uow.users.get(user.id)
            pair = uow.sessions.find_with_user(session.id)
            assert pair
            assert uow.users.get(user.id) is first
            assert uow.users.find_by_name(user.name.key) is first
            assert uow.users.find_by_email(user.email.key) is first
            assert uow.users.page(limit=1, after=None)[0] is first
            assert pair[1] is first
            assert uow.sessions.find(session.id) is pair[0]
            assert uow.profiles.find(user.id) is uow.profiles.find(user.id)
        with store.unit_of_work() as uow:
            assert uow.users.get(user.id) is not first

    def test_whichever_look_up_comes_first_gives_the_object(self, store: Store, people: People) -> None:
        user = people.user()
        session = people.session(user)
        save(store, user, session)
        with store.unit_of_work() as uow:
            (paged,) = uow.users.page(limit=1, after=None)
            assert uow.users.get(user.id) is paged
        with store.unit_of_work() as uow:
            pair = uow.sessions.find_with_user(session.id)
            assert pair
            assert uow.sessions.find(session.id) is pair[0]
            assert uow.users.find_by_email(user.email.key) is pair[1]

    def test_what_was_added_is_found_in_the_same_unit_of_work(self, store: Store, people: People) -> None:
        user = people.user()
        session, profile = people.session(user), people.profile(user.id)
        with store.unit_of_work() as uow:
            uow.users.add(user)
            uow.sessions.add(session)
            uow.profiles.add(profile)
            assert uow.users.get(user.id) is user
            assert uow.sessions.find(session.id) is session
            assert uow.profiles.find(user.id) is profile

    def test_a_look_up_does_not_undo_what_was_changed_since_the_first(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.get(user.id).disable(people.now())
            found = uow.users.find_by_name(user.name.key)
            assert found
            assert found.disabled
            uow.commit()
        assert user_of(store, user.id).disabled

    def test_what_a_reader_does_to_its_object_does_not_reach_the_store(self, store: Store, people: People) -> None:
        user = people.user()
        session, profile = people.session(user), people.profile(user.id, bio="told")
        save(store, user, session, profile)
        read = [user_of(store, user.id), session_of(store, session.id), profile_of(store, user.id)]
        before = [state_of(aggregate) for aggregate in read if aggregate]
        user.first_name = PersonName("Mallory")
        user.disable(people.now())
        session.close(people.now())
        profile.bio = "never told"
        for aggregate in read:
            assert aggregate
            aggregate.pending.append(user.pending[0])
            aggregate.version = 99
        again = [user_of(store, user.id), session_of(store, session.id), profile_of(store, user.id)]
        assert [state_of(aggregate) for aggregate in again if aggregate] == before
        assert [aggregate.pending for aggregate in again if aggregate] == [[], [], []]

    def test_a_commit_is_seen_by_the_next_unit_of_work_everywhere(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        save(store, user)
        assert not user_of(another, user.id).disabled
        disable(store, user.id, people.now())
        assert user_of(another, user.id).disabled

    def test_a_commit_is_seen_by_a_first_look_up_after_it(self, store: Store, another: Store, people: People) -> None:
        user = people.user()
        with another.unit_of_work() as uow:
            save(store, user)
            assert uow.users.get(user.id).id == user.id

    def test_changes_of_others_to_others_do_not_hinder_a_commit(
        self, store: Store, another: Store, people: People
    ) -> None:
        user, other = people.user(), people.user()
        save(store, user, other)
        with store.unit_of_work() as uow:
            found = uow.users.get(user.id)
            disable(another, other.id, people.now())
            save(another, people.user())
            found.disable(people.now())
            uow.commit()
        assert user_of(another, user.id).disabled

    @pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
    def test_a_time_comes_back_equal_and_in_utc(self, store: Store, people: People, moment: datetime) -> None:
        user = people.user(at=moment)
        session = people.session(user, at=moment, lifetime=timedelta(days=3650, milliseconds=1))
        save(store, user, session)
        stored = session_of(store, session.id)
        assert stored
        times = [user_of(store, user.id).registered_at, stored.opened_at]
        assert times == [moment, moment]
        assert stored.expires_at == moment + timedelta(days=3650, milliseconds=1)
        assert {time.utcoffset() for time in (*times, stored.expires_at)} == {timedelta(0)}

    def test_a_session_and_its_user_are_read_at_one_moment(self, store: Store, another: Store, people: People) -> None:
        user = people.user()
        sessions = [people.session(user)]
        save(store, user, sessions[0])
        over = Event()

        def close_and_open_again() -> int:
            try:
                for _ in range(60):
                    self.end(store, sessions[-1].id, user.id, people)
                    with store.unit_of_work() as uow:
                        found = uow.users.get(user.id)
                        found.enable(people.now())
                        fresh = people.session(found)
                        uow.sessions.add(fresh)
                        uow.commit()
                    sessions.append(fresh)
            finally:
                over.set()
            return 0

        def read() -> int:
            reads = 0
            while not over.is_set():
                session_id = sessions[-1].id
                with another.unit_of_work() as uow:
                    pair = uow.sessions.find_with_user(session_id)
                assert pair
                session, holder = pair
                # The session and its user's state change in the same commits.
                assert (session.closed_at is None) == (not holder.disabled and holder.epoch == session.epoch)
                reads += 1
            return reads

        assert sum(race(close_and_open_again, read, read)) > 0
        assert over.wait(PATIENCE)

    @staticmethod
    def end(store: Store, session_id: UUID, user_id: UUID, people: People) -> None:
        """Close a session and disable its user in one commit."""
        with store.unit_of_work() as uow:
            session = uow.sessions.find(session_id)
            assert session
            session.close(people.now())
            uow.users.get(user_id).disable(people.now())
            uow.commit()
