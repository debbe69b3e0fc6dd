from functools import partial

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads, check_one_winner, outcome
from hexaccount.conformance.suites.texts import (
    DISTINCT_ADDRESSES,
    DISTINCT_NAMES,
    EQUIVALENT_ADDRESSES,
    EQUIVALENT_NAMES,
)
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.store_kit.store import Store


class UniquenessContract(ContractSuite):
    """User names and e-mail addresses are unique.

    No test checks before it adds, so every refusal comes from the store.
    """

    @pytest.mark.parametrize("spellings", EQUIVALENT_NAMES.values(), ids=EQUIVALENT_NAMES.keys())
    def test_a_user_name_is_unique_in_every_equivalent_spelling(
        self, store: Store, factory: Factory, spellings: tuple[str, str]
    ) -> None:
        save(store, factory.user(spellings[0]))
        save(store, factory.user(f"{spellings[1]}2"))
        for taken in (*spellings, *(f"{spelling}2" for spelling in spellings)):
            with pytest.raises(UserNameTaken):
                save(store, factory.user(taken))

    @pytest.mark.parametrize("names", DISTINCT_NAMES.values(), ids=DISTINCT_NAMES.keys())
    def test_user_names_that_only_look_or_sort_alike_are_distinct(
        self, store: Store, factory: Factory, names: tuple[str, str]
    ) -> None:
        holders = [factory.user(name) for name in names]
        for holder in holders:
            save(store, holder)
        with store.unit_of_work() as uow:
            assert [getattr(Users(uow).find_by_name(holder.name.key), "id", None) for holder in holders] == [
                holder.id for holder in holders
            ]

    @pytest.mark.parametrize("spellings", EQUIVALENT_ADDRESSES.values(), ids=EQUIVALENT_ADDRESSES.keys())
    def test_an_address_is_unique_in_every_equivalent_spelling(
        self, store: Store, factory: Factory, spellings: tuple[str, str]
    ) -> None:
        save(store, factory.user(email=spellings[0]))
        with pytest.raises(EmailTaken):
            save(store, factory.user(email=spellings[1]))

    @pytest.mark.parametrize("addresses", DISTINCT_ADDRESSES.values(), ids=DISTINCT_ADDRESSES.keys())
    def test_addresses_that_only_look_alike_are_distinct(
        self, store: Store, factory: Factory, addresses: tuple[str, str]
    ) -> None:
        holders = [factory.user(email=address) for address in addresses]
        for holder in holders:
            save(store, holder)
        with store.unit_of_work() as uow:
            assert [getattr(Users(uow).find_by_email(holder.email.key), "id", None) for holder in holders] == [
                holder.id for holder in holders
            ]

    def test_the_name_is_refused_first_when_both_are_taken_by_one_account(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("anna", "anna@example.org"))
        with pytest.raises(UserNameTaken):
            save(store, factory.user("Anna", "ANNA@example.org"))

    @pytest.mark.parametrize("name_first", [True, False])
    def test_the_name_is_refused_first_when_both_are_taken_by_two_accounts(
        self, store: Store, factory: Factory, name_first: bool
    ) -> None:
        holders = [factory.user("anna"), factory.user(email="anna@example.org")]
        for holder in holders if name_first else reversed(holders):
            save(store, holder)
        with pytest.raises(UserNameTaken):
            save(store, factory.user("anna", "anna@example.org"))

    def test_two_accounts_of_one_unit_of_work_cannot_share_a_name(self, store: Store, factory: Factory) -> None:
        with pytest.raises(UserNameTaken):
            save(store, factory.user("anna"), factory.user("ANNA"))
        assert all_users(store) == []

    def test_two_accounts_of_one_unit_of_work_cannot_share_an_address(self, store: Store, factory: Factory) -> None:
        with pytest.raises(EmailTaken):
            save(store, factory.user(email="anna@example.org"), factory.user(email="ANNA@example.org"))
        assert all_users(store) == []

    def test_the_name_of_one_account_may_be_the_local_part_of_another(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("anna"))
        save(store, factory.user("berta", "anna@example.org"))

    def test_a_refusal_for_the_name_leaves_the_address_free(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("anna"))
        with pytest.raises(UserNameTaken):
            save(store, factory.user("anna", "free@example.org"))
        save(store, factory.user("berta", "free@example.org"))

    def test_a_refusal_for_the_address_leaves_the_name_free(self, store: Store, factory: Factory) -> None:
        save(store, factory.user(email="anna@example.org"))
        with pytest.raises(EmailTaken):
            save(store, factory.user("free", "anna@example.org"))
        save(store, factory.user("free"))

    def test_one_of_32_threads_registers_a_contested_name(
        self, store: Store, factory: Factory, under_test: StoreUnderTest
    ) -> None:
        with RacingThreads(32) as threads:
            for number in range(under_test.rounds):
                name = f"contested{number}"
                users = [factory.user(name if index % 2 else name.upper()) for index in range(32)]
                check_one_winner(threads.race(registrations(store, users)), UserNameTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_one_of_32_threads_registers_a_contested_address(
        self, store: Store, factory: Factory, under_test: StoreUnderTest
    ) -> None:
        with RacingThreads(32) as threads:
            for number in range(under_test.rounds):
                users = [factory.user(email=f"contested{number}@example.org") for _ in range(32)]
                check_one_winner(threads.race(registrations(store, users)), EmailTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_threads_that_race_for_one_name_and_address_are_refused_for_the_name(
        self, store: Store, other_store: Store, factory: Factory, under_test: StoreUnderTest
    ) -> None:
        with RacingThreads(32) as threads:
            for number in range(under_test.rounds):
                users = [factory.user(f"both{number}", f"both{number}@example.org") for _ in range(32)]
                halves = registrations(store, users[:16]) + registrations(other_store, users[16:])
                check_one_winner(threads.race(halves), UserNameTaken)
        assert len(all_users(store)) == under_test.rounds

    def test_racing_registrations_of_the_same_names_in_two_orders_have_one_winner(
        self, store: Store, other_store: Store, factory: Factory, under_test: StoreUnderTest
    ) -> None:
        rounds = 2 * under_test.rounds
        with RacingThreads(2) as threads:
            for number in range(rounds):
                names = [f"contested{number}x{index}" for index in range(8)]
                calls = [
                    partial(register, handle, *(factory.user(name) for name in order))
                    for handle, order in ((store, names), (other_store, names[::-1]))
                ]
                check_one_winner(threads.race(calls), UserNameTaken)
        assert len(all_users(store)) == 8 * rounds

    def test_a_changed_account_keeps_its_own_name(self, store: Store, factory: Factory) -> None:
        holder = factory.user("anna", "anna@example.org")
        save(store, holder)
        with store.unit_of_work() as uow:
            Users(uow).get(holder.id).disable(factory.now())
            Users(uow).add(factory.user("berta", "anna@example.org"))
            with pytest.raises(EmailTaken):
                uow.commit()


def registrations(store: Store, users: list[User]) -> list[partial[str]]:
    """Return a registration for each user, for a race."""
    return [partial(register, store, user) for user in users]


def register(store: Store, *users: User) -> str:
    """Add users without a check, and return the outcome of the commit."""
    with store.unit_of_work() as uow:
        for user in users:
            Users(uow).add(user)
        return outcome(uow.commit, UserNameTaken, EmailTaken)
