from datetime import datetime, timedelta

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import START
from hexaccount.conformance.suites.races import check_one_winner, outcome, race
from hexaccount.signing_keys.ports import KeyRefused, StoredKey
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.store_kit.store import Store


def key(kid: str, *, begins: int = 0, retired_at: datetime | None = None) -> StoredKey:
    return StoredKey(
        kid=kid,
        algorithm="EdDSA",
        sealed=f"sealed-{kid}_\u00e9",
        created_at=START,
        signs_from=START + timedelta(seconds=begins),
        retired_at=retired_at,
    )


class SigningKeysContract(ContractSuite):
    """Signing keys are read as they were added; each is added and retired once."""

    def test_a_new_store_has_no_keys(self, store: Store) -> None:
        assert list(SigningKeys(store.unit_of_work).all()) == []

    def test_keys_are_read_as_they_were_added_ordered_by_start(self, store: Store, other_store: Store) -> None:
        added = [key("b", begins=2), key("c", begins=1), key("_B", begins=2), key("d", retired_at=START)]
        for each in added:
            SigningKeys(store.unit_of_work).add(each)
        assert list(SigningKeys(other_store.unit_of_work).all()) == [added[3], added[1], added[2], added[0]]

    def test_a_key_id_is_unique(self, store: Store) -> None:
        SigningKeys(store.unit_of_work).add(key("a"))
        with pytest.raises(KeyRefused):
            SigningKeys(store.unit_of_work).add(key("a", begins=7))
        assert list(SigningKeys(store.unit_of_work).all()) == [key("a")]

    def test_one_of_racing_additions_of_one_key_id_wins(self, store: Store, under_test: StoreUnderTest) -> None:
        handles = [under_test.open() for _ in range(4)]
        keys = [key("a", begins=number) for number in range(4)]
        calls = [
            lambda handle=handle, each=each: outcome(lambda: SigningKeys(handle.unit_of_work).add(each), KeyRefused)
            for handle, each in zip(handles, keys, strict=True)
        ]
        check_one_winner(race(*calls), KeyRefused)
        (stored,) = SigningKeys(store.unit_of_work).all()
        assert stored in keys

    def test_a_key_is_retired_once(self, store: Store, other_store: Store) -> None:
        for kid in "ab":
            SigningKeys(store.unit_of_work).add(key(kid))
        at = START + timedelta(seconds=5)
        assert SigningKeys(store.unit_of_work).retire("a", at)
        assert not SigningKeys(other_store.unit_of_work).retire("a", at + timedelta(seconds=1))
        assert list(SigningKeys(other_store.unit_of_work).all()) == [key("a", retired_at=at), key("b")]

    def test_an_unknown_key_is_neither_retired_nor_removed(self, store: Store) -> None:
        SigningKeys(store.unit_of_work).add(key("a"))
        assert not SigningKeys(store.unit_of_work).retire("b", START)
        assert not SigningKeys(store.unit_of_work).remove("b")
        assert list(SigningKeys(store.unit_of_work).all()) == [key("a")]

    def test_the_id_of_a_removed_key_is_free(self, store: Store, other_store: Store) -> None:
        for kid in "ab":
            SigningKeys(store.unit_of_work).add(key(kid))
        assert SigningKeys(other_store.unit_of_work).remove("a")
        assert not SigningKeys(store.unit_of_work).remove("a")
        assert list(SigningKeys(store.unit_of_work).all()) == [key("b")]
        SigningKeys(store.unit_of_work).add(key("a", begins=1))
        assert len(SigningKeys(other_store.unit_of_work).all()) == 2
