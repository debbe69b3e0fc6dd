from datetime import datetime, timedelta

import pytest

from hexaccount.conformance.suites.people import BEGINNING
from hexaccount.conformance.suites.races import check_one_winner, outcome, race
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.signing_keys.ports import KeyRefused, StoredKey
from hexaccount.store_kit.store import Store


def key(kid: str, *, begins: int = 0, retired_at: datetime | None = None) -> StoredKey:
    return StoredKey(
        kid=kid,
        algorithm="EdDSA",
        sealed=f"sealed-{kid}_\u00e9",
        created_at=BEGINNING,
        signs_from=BEGINNING + timedelta(seconds=begins),
        retired_at=retired_at,
    )


class SigningKeysContract(ContractSuite):
    """The keys that processes share are kept as they are given, and each is added and retired once."""

    def test_there_are_none_at_first(self, store: Store) -> None:
        assert list(store.signing_keys.all()) == []

    def test_keys_come_back_as_they_were_added_in_the_order_in_which_they_begin(
        self, store: Store, another: Store
    ) -> None:
        added = [key("b", begins=2), key("c", begins=1), key("_B", begins=2), key("d", retired_at=BEGINNING)]
        for each in added:
            store.signing_keys.add(each)
        assert list(another.signing_keys.all()) == [added[3], added[1], added[2], added[0]]

    def test_a_name_is_taken_once(self, store: Store) -> None:
        store.signing_keys.add(key("a"))
        with pytest.raises(KeyRefused):
            store.signing_keys.add(key("a", begins=7))
        assert list(store.signing_keys.all()) == [key("a")]

    def test_of_those_who_add_one_name_at_once_one_wins(self, store: Store, under_test: StoreUnderTest) -> None:
        handles = [under_test.open() for _ in range(4)]
        keys = [key("a", begins=number) for number in range(4)]
        works = [
            lambda handle=handle, each=each: outcome(lambda: handle.signing_keys.add(each), KeyRefused)
            for handle, each in zip(handles, keys, strict=True)
        ]
        check_one_winner(race(*works), KeyRefused)
        (kept,) = store.signing_keys.all()
        assert kept in keys

    def test_a_key_is_retired_once_and_stays_so(self, store: Store, another: Store) -> None:
        for kid in "ab":
            store.signing_keys.add(key(kid))
        at = BEGINNING + timedelta(seconds=5)
        assert store.signing_keys.retire("a", at)
        assert not another.signing_keys.retire("a", at + timedelta(seconds=1))
        assert list(another.signing_keys.all()) == [key("a", retired_at=at), key("b")]

    def test_a_key_that_is_not_there_is_neither_retired_nor_removed(self, store: Store) -> None:
        store.signing_keys.add(key("a"))
        assert not store.signing_keys.retire("b", BEGINNING)
        assert not store.signing_keys.remove("b")
        assert list(store.signing_keys.all()) == [key("a")]

    def test_a_removed_key_is_gone_and_its_name_free(self, store: Store, another: Store) -> None:
        for kid in "ab":
            store.signing_keys.add(key(kid))
        assert another.signing_keys.remove("a")
        assert not store.signing_keys.remove("a")
        assert list(store.signing_keys.all()) == [key("b")]
        store.signing_keys.add(key("a", begins=1))
        assert len(another.signing_keys.all()) == 2
