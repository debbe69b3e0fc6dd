from datetime import timedelta

import pytest

from hexaccount.accounts.profile import Profile, ProfileCreated, ProfileUpdated
from hexaccount.accounts.user import UserEnabled
from hexaccount.kernel.aggregate import ForeignEvent
from tests.hexagon.sample_accounts import NOON, USER_ID

LATER = NOON + timedelta(minutes=1)


def profile_with(**fields: str | None) -> Profile:
    profile = Profile.create(USER_ID, NOON)
    profile.update(fields, NOON)
    profile.pending.clear()
    return profile


def test_a_new_profile_is_empty() -> None:
    profile = Profile.create(USER_ID, NOON)
    assert (profile.id, profile.bio, profile.phone, profile.address) == (USER_ID, None, None, None)
    assert profile.pending == [ProfileCreated(user_id=USER_ID, at=NOON)]


def test_an_update_records_only_the_fields_that_differ() -> None:
    profile = profile_with(bio="Actor", phone="112")
    profile.update({"bio": "Actor", "phone": "113"}, LATER)
    assert profile.pending == [ProfileUpdated(user_id=USER_ID, changes={"phone": "113"}, at=LATER)]
    assert (profile.bio, profile.phone, profile.updated_at) == ("Actor", "113", LATER)


def test_an_update_leaves_other_fields_unchanged() -> None:
    profile = profile_with(bio="Actor", address="Verona")
    profile.update({"bio": "Poet"}, LATER)
    assert (profile.bio, profile.address) == ("Poet", "Verona")


@pytest.mark.parametrize("removal", [None, ""])
def test_none_or_an_empty_text_removes_a_field(removal: str | None) -> None:
    profile = profile_with(bio="Actor")
    profile.update({"bio": removal}, LATER)
    assert profile.bio is None
    assert profile.pending == [ProfileUpdated(user_id=USER_ID, changes={"bio": None}, at=LATER)]


@pytest.mark.parametrize("changes", [{}, {"bio": "Actor"}, {"phone": None}, {"phone": ""}])
def test_an_update_that_changes_nothing_records_nothing(changes: dict[str, str | None]) -> None:
    profile = profile_with(bio="Actor")
    version = profile.version
    profile.update(changes, LATER)
    assert (profile.version, profile.pending, profile.updated_at) == (version, [], NOON)


def test_folding_an_event_of_another_aggregate_raises() -> None:
    created = ProfileCreated(user_id=USER_ID, at=NOON)
    foreign = UserEnabled(user_id=USER_ID, at=NOON)
    for journal in ([foreign], [created, foreign], [created, created]):
        with pytest.raises(ForeignEvent, match="journal of a profile"):
            Profile.fold(journal)
