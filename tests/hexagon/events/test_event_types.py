import re
from dataclasses import FrozenInstanceError, fields

import pytest

from hexaccount.accounts.user import UserEnabled
from hexaccount.kernel.event import Event
from tests.event_types import EVENT_TYPES
from tests.hexagon.sample_accounts import registered_user

SECRET = re.compile(r"password|hash|token|secret|key|credential|salt|pin\b", re.IGNORECASE)


def test_every_event_is_registered_under_its_type() -> None:
    assert {kind: event.type for kind, event in EVENT_TYPES.items()} == {kind: kind for kind in EVENT_TYPES}
    assert {event.__name__ for event in EVENT_TYPES.values()} == {
        "UserRegistered", "UserUpdated", "UserDisabled", "UserEnabled", "PasswordChanged", "SessionsEnded",
        "RoleGranted", "RoleRevoked", "SessionOpened", "SessionKept", "SessionReuseDetected", "SessionClosed",
        "ProfileCreated", "ProfileUpdated", "UserErased", "EmailVerified", "MailRequested",
    }  # fmt: skip


def test_a_second_event_class_of_one_type_is_rejected() -> None:
    with pytest.raises(TypeError, match=r"UserEnabled and .*Duplicate are both of type"):

        class Duplicate(Event):
            type = UserEnabled.type

    assert EVENT_TYPES[UserEnabled.type] is UserEnabled


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_type_contains_its_aggregate_and_version(name: str) -> None:
    assert re.fullmatch(r"hexaccount\.(mail|profile|session|user)\.[a-z]+(_[a-z]+)*\.v[1-9]", name)


@pytest.mark.parametrize("event", EVENT_TYPES.values())
def test_no_event_has_a_field_for_a_secret(event: type[Event]) -> None:
    assert not [field.name for field in fields(event) if SECRET.search(field.name)]


def test_the_registration_event_does_not_contain_the_hash() -> None:
    user = registered_user()
    assert user.password_hash
    assert user.password_hash not in repr(user.pending)


def test_an_event_is_frozen() -> None:
    event = registered_user().pending[0]
    with pytest.raises(FrozenInstanceError):
        event.at = None
