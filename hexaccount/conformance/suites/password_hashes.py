from functools import partial

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import disable, find_session, journal_of, replace_hash, save, user_of
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


class PasswordHashContract(ContractSuite):
    """A hash is replaced if it still equals the one that was read, by the commit and without an event.

    It is part of the account's record: replacing it and any other change of the account make each other stale.
    """

    def test_a_hash_is_replaced_if_the_old_one_matches(self, store: Store, factory: Factory) -> None:
        user, other = factory.user(password_hash="old"), factory.user(password_hash="old")
        save(store, user, other)
        replace_hash(store, user.id, "old", "new")
        assert [user_of(store, each.id).password_hash for each in (user, other)] == ["new", "old"]

    def test_a_hash_stays_if_it_has_changed_in_the_meantime(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).renew_hash(old="old", new="late")
            replace_hash(store, user.id, "old", "early")
            with pytest.raises(StaleVersion):
                uow.commit()
        replace_hash(store, user.id, "old", "late")
        assert user_of(store, user.id).password_hash == "early"

    def test_a_replacement_without_a_match_does_not_fail_the_commit(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        session = factory.session(user)
        with store.unit_of_work() as uow:
            Sessions(uow).add(session)
            Users(uow).get(user.id).renew_hash(old="another", new="new")
            uow.commit()
        assert user_of(store, user.id).password_hash == "old"
        assert find_session(store, session.id) is not None

    def test_a_hash_is_compared_exactly(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="$2b$12$Abc")
        save(store, user)
        for almost in ("$2b$12$abc", "$2b$12$Abc ", "%", "$2b$12$Ab_", ""):
            replace_hash(store, user.id, almost, "new")
        assert user_of(store, user.id).password_hash == "$2b$12$Abc"

    def test_a_replacement_is_stored_by_the_commit(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).renew_hash(old="old", new="new")
            assert user_of(store, user.id).password_hash == "old"
        assert user_of(store, user.id).password_hash == "old"

    def test_a_replacement_is_rolled_back_with_its_transaction(self, store: Store, factory: Factory) -> None:
        user = factory.user("taken", password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).renew_hash(old="old", new="new")
            Users(uow).add(factory.user("taken"))
            with pytest.raises(UserNameTaken):
                uow.commit()
        assert user_of(store, user.id).password_hash == "old"

    def test_a_replacement_adds_no_event_and_no_version(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        replace_hash(store, user.id, "old", "new")
        assert user_of(store, user.id).version == len(journal_of(store, user)) == 1

    def test_a_replacement_makes_a_concurrent_change_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            found = Users(uow).get(user.id)
            replace_hash(other_store, user.id, "old", "new")
            found.disable(factory.now())
            with pytest.raises(StaleVersion):
                uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (False, "new")

    def test_a_concurrent_change_makes_a_replacement_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id).renew_hash(old="old", new="new")
            disable(other_store, user.id, factory.now())
            with pytest.raises(StaleVersion):
                uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (True, "old")

    def test_a_change_and_a_replacement_are_stored_by_one_commit(self, store: Store, factory: Factory) -> None:
        user = factory.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            found = Users(uow).get(user.id)
            Users(uow).get(user.id).renew_hash(old="old", new="new")
            found.disable(factory.now())
            uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (True, "new")

    def test_one_of_racing_replacements_of_one_hash_is_stored(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user(password_hash="0")
        save(store, user)
        for number in range(10):
            new = [f"{number}a", f"{number}b"]
            pairs = zip((store, other_store), new, strict=True)
            race(*(partial(replace_hash, handle, user.id, str(number), text) for handle, text in pairs))
            winner = user_of(store, user.id).password_hash
            assert winner in new
            replace_hash(store, user.id, winner, str(number + 1))
