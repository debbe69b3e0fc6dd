from functools import partial

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.storing import disable, journal_of, replace_hash, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store


class PasswordHashContract(ContractSuite):
    """A hash is replaced if it is still the one that was read, in the transaction, and without an event."""

    def test_a_hash_is_replaced_where_the_old_one_is_there(self, store: Store, people: People) -> None:
        user, other = people.user(password_hash="old"), people.user(password_hash="old")
        save(store, user, other)
        replace_hash(store, user.id, "old", "new")
        assert [user_of(store, each.id).password_hash for each in (user, other)] == ["new", "old"]

    def test_a_hash_stays_where_another_is_there_by_then(self, store: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.replace_hash(user.id, old="old", new="late")
            replace_hash(store, user.id, "old", "early")
            uow.commit()
        assert user_of(store, user.id).password_hash == "early"

    def test_a_lost_replacement_does_not_hinder_the_rest_of_the_commit(self, store: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        session = people.session(user)
        with store.unit_of_work() as uow:
            uow.sessions.add(session)
            uow.users.replace_hash(user.id, old="another", new="new")
            uow.commit()
        assert user_of(store, user.id).password_hash == "old"
        assert session_of(store, session.id)

    def test_a_hash_of_nobody_is_not_replaced(self, store: Store, people: People) -> None:
        replace_hash(store, people.new_id(), "", "new")

    def test_a_hash_is_compared_to_the_letter(self, store: Store, people: People) -> None:
        user = people.user(password_hash="$2b$12$Abc")
        save(store, user)
        for almost in ("$2b$12$abc", "$2b$12$Abc ", "%", "$2b$12$Ab_", ""):
            replace_hash(store, user.id, almost, "new")
        assert user_of(store, user.id).password_hash == "$2b$12$Abc"

    def test_a_replacement_waits_for_the_commit(self, store: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.replace_hash(user.id, old="old", new="new")
            assert user_of(store, user.id).password_hash == "old"
        assert user_of(store, user.id).password_hash == "old"

    def test_a_replacement_is_undone_with_its_transaction(self, store: Store, people: People) -> None:
        user = people.user("known", password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.replace_hash(user.id, old="old", new="new")
            uow.users.add(people.user("known"))
            with pytest.raises(UserNameTaken):
                uow.commit()
        assert user_of(store, user.id).password_hash == "old"

    def test_a_replacement_is_no_event_and_no_new_version(self, store: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        replace_hash(store, user.id, "old", "new")
        assert user_of(store, user.id).version == len(journal_of(store, user)) == 1

    def test_a_replacement_does_not_make_a_change_stale_nor_is_it_undone_by_it(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            found = uow.users.get(user.id)
            replace_hash(another, user.id, "old", "new")
            found.disable(people.now())
            uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (True, "new")

    def test_a_change_does_not_hinder_a_replacement(self, store: Store, another: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            uow.users.replace_hash(user.id, old="old", new="new")
            disable(another, user.id, people.now())
            uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (True, "new")

    def test_a_change_and_a_replacement_are_stored_by_one_commit(self, store: Store, people: People) -> None:
        user = people.user(password_hash="old")
        save(store, user)
        with store.unit_of_work() as uow:
            found = uow.users.get(user.id)
            uow.users.replace_hash(user.id, old="old", new="new")
            found.disable(people.now())
            uow.commit()
        stored = user_of(store, user.id)
        assert (stored.disabled, stored.password_hash) == (True, "new")

    def test_of_racing_replacements_of_one_hash_one_is_there(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user(password_hash="0")
        save(store, user)
        for number in range(10):
            new = [f"{number}a", f"{number}b"]
            pairs = zip((store, another), new, strict=True)
            race(*(partial(replace_hash, handle, user.id, str(number), text) for handle, text in pairs))
            winner = user_of(store, user.id).password_hash
            assert winner in new
            replace_hash(store, user.id, winner, str(number + 1))
