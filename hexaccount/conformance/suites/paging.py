from functools import partial
from itertools import pairwise
from threading import Event
from uuid import UUID

import pytest

from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import all_users, save, user_of
from hexaccount.store_kit.store import Store

# These reveal wrong orders: signed halves, little-endian words, version 1 times, text without padding.
AWKWARD_IDS = [
    UUID("00000000-0000-0000-0000-000000000001"),
    UUID("00000000-0000-0001-0000-000000000000"),
    UUID("00000000-0000-7000-8000-000000000000"),
    UUID("01000000-0000-7000-8000-000000000002"),
    UUID("0190a0b0-c0d0-7000-8000-0000000000ff"),
    UUID("0190a0b0-c0d0-7000-8000-00000000ff00"),
    UUID("0190a0b0-c0d0-7000-bfff-000000000000"),
    UUID("0190a0b0-c0d0-7001-8000-000000000000"),
    UUID("7fffffff-ffff-7fff-bfff-ffffffffffff"),
    UUID("80000000-0000-7000-8000-000000000000"),
    UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"),
]


class PagingContract(ContractSuite):
    """Pages ascend by id; each account is on one of them."""

    def test_an_empty_store_has_an_empty_page(self, store: Store, factory: Factory) -> None:
        with store.unit_of_work() as uow:
            assert list(Users(uow).page(limit=10, after=None)) == []
            assert list(Users(uow).page(limit=10, after=factory.new_id())) == []

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 11, 12])
    def test_pages_ascend_by_id_as_a_number(self, store: Store, factory: Factory, limit: int) -> None:
        for user_id in sorted(AWKWARD_IDS, key=lambda user_id: user_id.bytes[::-1]):
            save(store, factory.user(user_id=user_id))
        assert [user.id for user in all_users(store, limit)] == AWKWARD_IDS

    def test_a_page_holds_no_more_than_its_limit(self, store: Store, factory: Factory) -> None:
        save(store, *(factory.user() for _ in range(5)))
        with store.unit_of_work() as uow:
            assert [len(Users(uow).page(limit=limit, after=None)) for limit in (1, 4, 5, 6, 200)] == [1, 4, 5, 5, 5]

    def test_a_page_begins_after_the_given_id_even_if_no_account_has_it(self, store: Store, factory: Factory) -> None:
        ids = AWKWARD_IDS[:5]
        save(store, *(factory.user(user_id=user_id) for user_id in ids))
        for after in AWKWARD_IDS:
            for position in (after, UUID(int=after.int + 1), UUID(int=after.int - 1)):
                with store.unit_of_work() as uow:
                    page = [user.id for user in Users(uow).page(limit=10, after=position)]
                assert page == [user_id for user_id in ids if user_id > position]

    def test_a_page_holds_complete_accounts(self, store: Store, factory: Factory) -> None:
        save(store, *(factory.user() for _ in range(3)))
        for user in all_users(store):
            assert state_of(user) == state_of(user_of(store, user.id))

    def test_each_account_is_on_one_page_during_registrations(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        existing = [factory.user() for _ in range(100)]
        later = [factory.user() for _ in range(30)]
        earlier = [factory.user(user_id=UUID(int=number)) for number in range(1, 31)]
        save(store, *existing)
        registered = Event()

        def register() -> list[list[UUID]]:
            try:
                for pair in zip(later, earlier, strict=True):
                    for user in pair:
                        save(store, user)
            finally:
                registered.set()
            return []

        def read_pages(limit: int) -> list[list[UUID]]:
            walks = [self.walk(other_store, limit)]
            while not registered.is_set():
                walks.append(self.walk(other_store, limit))
            return walks

        for walks in race(register, partial(read_pages, 1), partial(read_pages, 7)):
            for walk in walks:
                assert all(first < second for first, second in pairwise(walk)), "an account was on two pages"
                assert {user.id for user in existing} <= set(walk), "an account was on no page"
        assert len(all_users(store)) == 160

    @staticmethod
    def walk(store: Store, limit: int) -> list[UUID]:
        """Return all ids; each page has a unit of work of its own."""
        ids: list[UUID] = []
        while True:
            with store.unit_of_work() as uow:
                page = Users(uow).page(limit=limit, after=ids[-1] if ids else None)
            if not page:
                return ids
            assert not ids or page[0].id > ids[-1], "two pages overlap"
            ids += [user.id for user in page]
