from functools import partial

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers, check_one_winner, outcome
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.texts import ONE_ADDRESS, ONE_NAME, TWO_ADDRESSES, TWO_NAMES
from hexaccount.store_kit.store import Store


class UniquenessContract(ContractSuite):
    """One account for each user name and each e-mail address, whoever is asked first.

    Nothing here looks before it adds, so every refusal is the store's own.
    """

    @pytest.mark.parametrize("spellings", ONE_NAME.values(), ids=ONE_NAME.keys())
    def test_a_user_name_is_taken_in_every_equal_spelling(
        self, store: Store, people: People, spellings: tuple[str, str]
    ) -> None:
        save(store, people.user(spellings[0]))
        save(store, people.user(f"{spellings[1]}2"))
        for taken in (*spellings, *(f"{spelling}2" for spelling in spellings)):
            with pytest.raises(UserNameTaken):
                save(store, people.user(taken))

    @pytest.mark.parametrize("names", TWO_NAMES.values(), ids=TWO_NAMES.keys())
    def test_user_names_that_only_look_or_sort_alike_are_two(
        self, store: Store, people: People, names: tuple[str, str]
    ) -> None:
        holders = [people.user(name) for name in names]
        for holder in holders:
            save(store, holder)
        with store.unit_of_work() as uow:
            assert [getattr(uow.users.find_by_name(holder.name.key), "id", None) for holder in holders] == [
                holder.id for holder in holders
            ]

    @pytest.mark.parametrize("spellings", ONE_ADDRESS.values(), ids=ONE_ADDRESS.keys())
    def test_an_address_is_taken_in_every_equal_spelling(
        self, store: Store, people: People, spellings: tuple[str, str]
    ) -> None:
        save(store, people.user(email=spellings[0]))
        with pytest.raises(EmailTaken):
            save(store, people.user(email=spellings[1]))

    @pytest.mark.parametrize("addresses", TWO_ADDRESSES.values(), ids=TWO_ADDRESSES.keys())
    def test_addresses_that_only_look_alike_are_two(
        self, store: Store, people: People, addresses: tuple[str, str]
    ) -> None:
        holders = [people.user(email=address) for address in addresses]
        for holder in holders:
            save(store, holder)
        with store.unit_of_work() as uow:
            assert [getattr(uow.users.find_by_email(holder.email.key), "id", None) for holder in holders] == [
                holder.id for holder in holders
            ]

    def test_the_name_is_refused_first_when_both_are_taken_by_one_account(self, store: Store, people: People) -> None:
        save(store, people.user("anna", "anna@example.org"))
        with pytest.raises(UserNameTaken):
            save(store, people.user("Anna", "ANNA@example.org"))

    @pytest.mark.parametrize("name_first", [True, False])
    def test_the_name_is_refused_first_when_both_are_taken_by_two_accounts(
        self, store: Store, people: People, name_first: bool
    ) -> None:
        holders = [people.user("anna"), people.user(email="anna@example.org")]
        for holder in holders if name_first else reversed(holders):
            save(store, holder)
        with pytest.raises(UserNameTaken):
            save(store, people.user("anna", "anna@example.org"))

    def test_two_accounts_of_one_unit_of_work_cannot_share_a_name(self, store: Store, people: People) -> None:
        with pytest.raises(UserNameTaken):
            save(store, people.user("anna"), people.user("ANNA"))
        assert all_users(store) == []

    def test_two_accounts_of_one_unit_of_work_cannot_share_an_address(self, store: Store, people: People) -> None:
        with pytest.raises(EmailTaken):
            save(store, people.user(email="anna@example.org"), people.user(email="ANNA@example.org"))
        assert all_users(store) == []

    def test_the_name_of_one_account_may_be_the_local_part_of_another(self, store: Store, people: People) -> None:
        save(store, people.user("anna"))
        save(store, people.user("berta", "anna@example.org"))

    def test_a_refusal_for_the_name_leaves_the_address_free(self, store: Store, people: People) -> None:
        save(store, people.user("anna"))
        with pytest.raises(UserNameTaken):
            save(store, people.user("anna", "free@example.org"))
        save(store, people.user("berta", "free@example.org"))

    def test_a_refusal_for_the_address_leaves_the_name_free(self, store: Store, people: People) -> None:
        save(store, people.user(email="anna@example.org"))
        with pytest.raises(EmailTaken):
            save(store, people.user("free", "anna@example.org"))
        save(store, people.user("free"))

    def test_of_32_threads_that_register_one_name_one_wins(
        self, store: Store, people: People, under_test: StoreUnderTest
    ) -> None:
        with Racers(32) as racers:
            for number in range(under_test.rounds):
                name = f"contested{number}"
                users = [people.user(name if index % 2 else name.upper()) for index in range(32)]
                check_one_winner(racers.race(attempts(store, users)), UserNameTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_of_32_threads_that_register_one_address_one_wins(
        self, store: Store, people: People, under_test: StoreUnderTest
    ) -> None:
        with Racers(32) as racers:
            for number in range(under_test.rounds):
                users = [people.user(email=f"contested{number}@example.org") for _ in range(32)]
                check_one_winner(racers.race(attempts(store, users)), EmailTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_of_32_threads_that_register_one_name_and_address_the_others_hear_of_the_name(
        self, store: Store, another: Store, people: People, under_test: StoreUnderTest
    ) -> None:
        with Racers(32) as racers:
            for number in range(under_test.rounds):
                users = [people.user(f"both{number}", f"both{number}@example.org") for _ in range(32)]
                halves = attempts(store, users[:16]) + attempts(another, users[16:])
                check_one_winner(racers.race(halves), UserNameTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_racing_registrations_of_the_same_names_in_two_orders_have_one_winner(
        self, store: Store, another: Store, people: People
    ) -> None:
        with Racers(2) as racers:
            for number in range(40):
                names = [f"contested{number}x{index}" for index in range(8)]
                works = [
                    partial(register, handle, *(people.user(name) for name in order))
                    for handle, order in ((store, names), (another, names[::-1]))
                ]
                check_one_winner(racers.race(works), UserNameTaken)
        assert len(all_users(store)) == 8 * 40

    def test_a_change_of_an_account_is_not_refused_for_its_own_name(self, store: Store, people: People) -> None:
        holder = people.user("anna", "anna@example.org")
        save(store, holder)
        with store.unit_of_work() as uow:
            uow.users.get(holder.id).disable(people.now())
            uow.users.add(people.user("berta", "anna@example.org"))
            with pytest.raises(EmailTaken):
                uow.commit()


def attempts(store: Store, users: list[User]) -> list[partial[str]]:
    """Return a registration for each of `users`, to be raced."""
    return [partial(register, store, user) for user in users]


def register(store: Store, *users: User) -> str:
    """Add accounts without any look before, and tell what their commit said."""
    with store.unit_of_work() as uow:
        for user in users:
            uow.users.add(user)
        return outcome(uow.commit, UserNameTaken, EmailTaken)
