from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.names import PersonName
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, race
from hexaccount.conformance.suites.transactions import disable, profile_of, save, session_of, user_of
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store

MOMENTS = {
    "a millisecond": datetime(2026, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC),
    "999 milliseconds": datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "no fraction": datetime(2026, 1, 1, tzinfo=UTC),
    "a tenth": datetime(2026, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC),
    "the leap day": datetime(2028, 2, 29, 12, 0, 0, 5_000, tzinfo=UTC),
    "the end of daylight saving time": datetime(2026, 10, 25, 1, 30, 0, 7_000, tzinfo=UTC),
    "before 1970": datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "beyond 2038": datetime(2038, 1, 19, 3, 14, 8, 1_000, tzinfo=UTC),
    "not exact as a float": datetime(2261, 4, 11, 23, 47, 16, 854_000, tzinfo=UTC),
}


class RepositoriesContract(ContractSuite):
    """A look-up returns what was stored, as an object of the reader's own."""

    def test_getting_an_unknown_account_raises_user_not_found(self, store: Store, factory: Factory) -> None:
        save(store, factory.user())
        with store.unit_of_work() as uow, pytest.raises(UserNotFound):
            Users(uow).get(factory.new_id())

    def test_looking_up_a_missing_aggregate_returns_none(self, store: Store, factory: Factory) -> None:
        user = factory.user("anna", "anna@example.org")
        save(store, user)
        with store.unit_of_work() as uow:
            assert Users(uow).find_by_name("berta") is None
            assert Users(uow).find_by_email("berta@example.org") is None
            assert Sessions(uow).find(user.id) is None
            assert Sessions(uow).find_with_user(user.id) is None
            assert Profiles(uow).find(user.id) is None

    def test_prefetched_profiles_are_found(self, store: Store, factory: Factory) -> None:
        anna, berta = factory.user(), factory.user()
        save(store, anna, berta, factory.profile(anna.id, bio="written"))
        with store.unit_of_work() as uow:
            Profiles(uow).prefetch([anna.id, berta.id])
            found = Profiles(uow).find(anna.id)
            assert found is not None
            assert found.bio == "written"
            assert Profiles(uow).find(berta.id) is None
            Profiles(uow).add(factory.profile(berta.id))
            assert Profiles(uow).find(berta.id) is not None
            uow.commit()
        assert profile_of(store, berta.id).version == 1

    def test_a_profile_added_after_the_prefetch_is_not_overwritten(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as uow:
            Profiles(uow).prefetch([user.id])
            save(store, factory.profile(user.id, bio="faster"))
            if Profiles(uow).find(user.id) is None:
                Profiles(uow).add(factory.profile(user.id))
                with pytest.raises(StaleVersion):
                    uow.commit()
        assert profile_of(store, user.id).bio == "faster"

    @pytest.mark.parametrize("key", ["", "%", "_nna", "ann", "anna ", "ANNA", "anna'", "*", ".*", "anna\\"])
    def test_a_look_up_matches_the_key_exactly(self, store: Store, factory: Factory, key: str) -> None:
        save(store, factory.user("anna", "anna@example.org"))
        with store.unit_of_work() as uow:
            assert Users(uow).find_by_name(key) is None
            assert Users(uow).find_by_email(key) is None

    def test_an_account_is_found_by_id_name_and_address(self, store: Store, factory: Factory) -> None:
        users = [factory.user("Anna", "Anna@example.org", role=Role.ADMIN), factory.user("Berta", "b@example.org")]
        save(store, *users)
        for user in users:
            with store.unit_of_work() as uow:
                by_name = Users(uow).find_by_name(user.name.key)
            with store.unit_of_work() as uow:
                by_email = Users(uow).find_by_email(user.email.key)
            assert by_name
            assert by_email
            found = [state_of(other) for other in (by_name, by_email, user_of(store, user.id))]
            assert found == [state_of(user)] * 3

    def test_one_unit_of_work_has_one_object_for_one_account(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session = factory.session(user)
        save(store, user, session, factory.profile(user.id))
        with store.unit_of_work() as uow:
            first = Users(uow).get(user.id)
            pair = Sessions(uow).find_with_user(session.id)
            assert pair
            assert Users(uow).get(user.id) is first
            assert Users(uow).find_by_name(user.name.key) is first
            assert Users(uow).find_by_email(user.email.key) is first
            assert Users(uow).page(limit=1, after=None)[0] is first
            assert pair[1] is first
            assert Sessions(uow).find(session.id) is pair[0]
            assert Profiles(uow).find(user.id) is Profiles(uow).find(user.id)
        with store.unit_of_work() as uow:
            assert Users(uow).get(user.id) is not first

    def test_all_look_ups_return_the_object_of_the_first(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session = factory.session(user)
        save(store, user, session)
        with store.unit_of_work() as uow:
            (paged,) = Users(uow).page(limit=1, after=None)
            assert Users(uow).get(user.id) is paged
        with store.unit_of_work() as uow:
            pair = Sessions(uow).find_with_user(session.id)
            assert pair
            assert Sessions(uow).find(session.id) is pair[0]
            assert Users(uow).find_by_email(user.email.key) is pair[1]

    def test_an_added_aggregate_is_found_in_the_same_unit_of_work(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session, profile = factory.session(user), factory.profile(user.id)
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            Sessions(uow).add(session)
            Profiles(uow).add(profile)
            assert Users(uow).get(user.id) is user
            assert Sessions(uow).find(session.id) is session
            assert Profiles(uow).find(user.id) is profile

    def test_a_second_look_up_keeps_uncommitted_changes(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).disable(factory.now())
            found = Users(uow).find_by_name(user.name.key)
            assert found
            assert found.disabled
            uow.commit()
        assert user_of(store, user.id).disabled

    def test_changes_to_a_returned_aggregate_do_not_reach_the_store(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session, profile = factory.session(user), factory.profile(user.id, bio="written")
        save(store, user, session, profile)
        read = [user_of(store, user.id), session_of(store, session.id), profile_of(store, user.id)]
        before = [state_of(aggregate) for aggregate in read]
        user.first_name = PersonName("Mallory")
        user.disable(factory.now())
        session.close(factory.now())
        profile.bio = "changed"
        for aggregate in read:
            aggregate.pending.append(user.pending[0])
            aggregate.version = 99
        reread = [user_of(store, user.id), session_of(store, session.id), profile_of(store, user.id)]
        assert [state_of(aggregate) for aggregate in reread] == before
        assert [aggregate.pending for aggregate in reread] == [[], [], []]

    def test_the_next_unit_of_work_of_every_handle_sees_a_commit(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        save(store, user)
        assert not user_of(other_store, user.id).disabled
        disable(store, user.id, factory.now())
        assert user_of(other_store, user.id).disabled

    def test_a_first_look_up_sees_a_commit_made_since_the_unit_of_work_began(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        with other_store.unit_of_work() as uow:
            save(store, user)
            assert Users(uow).get(user.id).id == user.id

    def test_concurrent_changes_to_other_accounts_do_not_fail_a_commit(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user, other = factory.user(), factory.user()
        save(store, user, other)
        with store.unit_of_work() as uow:
            found = Users(uow).get(user.id)
            disable(other_store, other.id, factory.now())
            save(other_store, factory.user())
            found.disable(factory.now())
            uow.commit()
        assert user_of(other_store, user.id).disabled

    @pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
    def test_a_time_is_read_equal_and_in_utc(self, store: Store, factory: Factory, moment: datetime) -> None:
        user = factory.user(at=moment)
        session = factory.session(user, at=moment, lifetime=timedelta(days=3650, milliseconds=1))
        save(store, user, session)
        stored = session_of(store, session.id)
        times = [user_of(store, user.id).registered_at, stored.opened_at]
        assert times == [moment, moment]
        assert stored.expires_at == moment + timedelta(days=3650, milliseconds=1)
        assert {time.utcoffset() for time in (*times, stored.expires_at)} == {timedelta(0)}

    def test_a_session_and_its_user_are_read_from_one_snapshot(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        sessions = [factory.session(user)]
        save(store, user, sessions[0])
        closed = Event()

        def close_and_open_again() -> int:
            try:
                for _ in range(60):
                    self.close_and_disable(store, sessions[-1].id, user.id, factory)
                    with store.unit_of_work() as uow:
                        found = Users(uow).get(user.id)
                        found.enable(factory.now())
                        fresh = factory.session(found)
                        Sessions(uow).add(fresh)
                        uow.commit()
                    sessions.append(fresh)
            finally:
                closed.set()
            return 0

        def read() -> int:
            reads = 0
            while not closed.is_set():
                session_id = sessions[-1].id
                with other_store.unit_of_work() as uow:
                    pair = Sessions(uow).find_with_user(session_id)
                assert pair
                session, owner = pair
                # Each commit changes the session and its user together.
                assert (session.closed_at is None) == (not owner.disabled and owner.epoch == session.epoch)
                reads += 1
            return reads

        assert sum(race(close_and_open_again, read, read)) > 0
        assert closed.wait(TIMEOUT_SECONDS)

    @staticmethod
    def close_and_disable(store: Store, session_id: UUID, user_id: UUID, factory: Factory) -> None:
        with store.unit_of_work() as uow:
            session = Sessions(uow).find(session_id)
            assert session
            session.close(factory.now())
            Users(uow).get(user_id).disable(factory.now())
            uow.commit()
