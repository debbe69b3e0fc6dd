from datetime import timedelta

import pytest

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import ProfileCreated
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import (
    PasswordChanged,
    RoleGranted,
    RoleRevoked,
    SessionsEnded,
    User,
    UserDisabled,
    UserEnabled,
    UserRegistered,
)
from hexaccount.kernel.aggregate import ForeignEvent
from tests.hexagon.sample_accounts import NOON, USER_ID, registered_user

LATER = NOON + timedelta(minutes=1)


def test_registering_records_the_user() -> None:
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


def test_a_chosen_avatar_identifier_is_used() -> None:
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


def test_each_disabling_raises_the_epoch() -> None:
    user = registered_user()
    for _ in range(3):
        user.disable(LATER)
        user.enable(LATER)
    assert user.epoch == 3


def test_a_new_password_raises_the_epoch_and_its_event_does_not_contain_it() -> None:
    user = registered_user()
    user.change_password("another hash", LATER)
    assert user.pending[1:] == [PasswordChanged(user_id=USER_ID, epoch=1, at=LATER)]
    assert (user.epoch, user.password_hash) == (1, "another hash")


def test_ending_all_sessions_raises_the_epoch_each_time() -> None:
    user = registered_user()
    user.end_sessions(LATER)
    user.end_sessions(LATER)
    assert user.pending[1:] == [SessionsEnded(user_id=USER_ID, epoch=epoch, at=LATER) for epoch in (1, 2)]
    assert (user.epoch, user.disabled) == (2, False)


def test_an_account_has_the_roles_that_it_was_granted() -> None:
    user = registered_user()
    user.grant(Role.ADMIN, LATER)
    user.grant(Role("support"), LATER)
    assert user.roles == {Role.ADMIN, Role("support")}
    assert user.pending[1:] == [RoleGranted(user_id=USER_ID, role=role, at=LATER) for role in ("admin", "support")]


def test_a_role_is_granted_once() -> None:
    user = registered_user(role=Role.ADMIN)
    user.grant(Role.ADMIN, LATER)
    assert (user.version, user.roles) == (1, {Role.ADMIN})


def test_the_default_role_is_neither_granted_nor_revoked() -> None:
    user = registered_user()
    user.grant(Role.USER, LATER)
    user.revoke(Role.USER, LATER)
    assert (user.version, user.roles) == (1, frozenset())


def test_revoking_removes_one_role_only() -> None:
    user = registered_user(role=Role.ADMIN)
    user.grant(Role("support"), LATER)
    user.revoke(Role.ADMIN, LATER)
    assert user.roles == {Role("support")}
    assert user.pending[2:] == [RoleRevoked(user_id=USER_ID, role="admin", at=LATER)]


def test_revoking_a_missing_role_records_nothing() -> None:
    user = registered_user()
    user.revoke(Role.ADMIN, LATER)
    assert (user.version, len(user.pending)) == (1, 1)


def test_a_changed_role_ends_no_session() -> None:
    user = registered_user()
    user.grant(Role.ADMIN, LATER)
    user.revoke(Role.ADMIN, LATER)
    assert user.epoch == 0


def test_folding_requires_a_registration_as_the_first_event() -> None:
    with pytest.raises(ForeignEvent, match="UserEnabled has no place here in the journal of a user"):
        User.fold([UserEnabled(user_id=USER_ID, at=NOON)])


@pytest.mark.parametrize("event", [ProfileCreated(user_id=USER_ID, at=LATER), registered_user().pending[0]])
def test_folding_a_foreign_event_or_a_second_registration_raises(event) -> None:
    with pytest.raises(ForeignEvent):
        User.fold([registered_user().pending[0], event])


def test_a_foreign_event_leaves_the_account_unchanged() -> None:
    user = registered_user()
    with pytest.raises(ForeignEvent):
        user._record(ProfileCreated(user_id=USER_ID, at=LATER))
    assert (user.version, len(user.pending)) == (1, 1)


def test_a_folded_account_has_no_password_hash() -> None:
    assert User.fold(registered_user().pending).password_hash == ""
