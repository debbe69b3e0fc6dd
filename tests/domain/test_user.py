from datetime import timedelta

import pytest

from hexaccount.domain.aggregate import ForeignEvent
from hexaccount.domain.avatar_identifier import AvatarIdentifier
from hexaccount.domain.email_address import EmailAddress
from hexaccount.domain.events import ProfileCreated, UserDisabled, UserEnabled, UserRegistered
from hexaccount.domain.names import PersonName, UserName
from hexaccount.domain.role import Role
from hexaccount.domain.user import User
from tests.domain.accounts import NOON, USER_ID, registered_user

LATER = NOON + timedelta(minutes=1)


def test_registering_records_who_registered() -> None:
    user = registered_user()
    assert user.pending == [
        UserRegistered(
            user_id=USER_ID,
            at=NOON,
            user_name="Juliet",
            email="Juliet@example.org",
            first_name="Juliet",
            last_name="Capulet",
            avatar_identifier=USER_ID.hex,
            role="user",
        )
    ]
    assert (user.version, user.stored_version) == (1, 0)


def test_a_picture_is_drawn_from_the_identifier_that_was_chosen() -> None:
    user = User.register(
        user_id=USER_ID,
        name=UserName("Juliet"),
        email=EmailAddress("juliet@example.org"),
        first_name=PersonName("Juliet"),
        last_name=PersonName("Capulet"),
        avatar_identifier=AvatarIdentifier("balcony"),
        role=Role.ADMIN,
        password_hash="$hash",
        at=NOON,
    )
    assert (user.avatar_identifier, user.roles) == ("balcony", {Role.ADMIN})


def test_disabling_raises_the_epoch_and_records_it() -> None:
    user = registered_user()
    user.disable(LATER)
    assert user.disabled
    assert user.epoch == 1
    assert user.pending[1:] == [UserDisabled(user_id=USER_ID, epoch=1, at=LATER)]


def test_disabling_a_disabled_account_records_nothing() -> None:
    user = registered_user()
    user.disable(LATER)
    user.disable(LATER + timedelta(minutes=1))
    assert (user.version, user.epoch, len(user.pending)) == (2, 1, 2)


def test_enabling_keeps_the_epoch() -> None:
    user = registered_user()
    user.disable(LATER)
    user.enable(LATER)
    assert not user.disabled
    assert user.epoch == 1
    assert user.pending[2:] == [UserEnabled(user_id=USER_ID, at=LATER)]


def test_enabling_an_enabled_account_records_nothing() -> None:
    user = registered_user()
    user.enable(LATER)
    assert (user.version, len(user.pending)) == (1, 1)


def test_each_disabling_ends_the_sessions_of_its_time() -> None:
    user = registered_user()
    for _ in range(3):
        user.disable(LATER)
        user.enable(LATER)
    assert user.epoch == 3


def test_a_journal_that_does_not_begin_with_a_registration_is_foreign() -> None:
    with pytest.raises(ForeignEvent, match="UserEnabled has no place here in the journal of a user"):
        User.fold([UserEnabled(user_id=USER_ID, at=NOON)])


@pytest.mark.parametrize("event", [ProfileCreated(user_id=USER_ID, at=LATER), registered_user().pending[0]])
def test_an_event_of_another_aggregate_or_a_second_registration_is_foreign(event) -> None:
    with pytest.raises(ForeignEvent):
        User.fold([registered_user().pending[0], event])


def test_a_foreign_event_leaves_the_account_as_it_was() -> None:
    user = registered_user()
    with pytest.raises(ForeignEvent):
        user._record(ProfileCreated(user_id=USER_ID, at=LATER))
    assert (user.version, len(user.pending)) == (1, 1)


def test_a_folded_account_has_no_password_hash() -> None:
    assert User.fold(registered_user().pending).password_hash == ""
