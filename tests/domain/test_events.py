import re
from dataclasses import FrozenInstanceError, fields

import pytest
from hexaccount.domain import events

from hexaccount.kernel.event import EVENT_TYPES, Event
from tests.domain.accounts import registered_user

SECRET = re.compile(r"password|hash|token|secret|key|credential|salt|pin\b", re.IGNORECASE)


def test_every_event_has_its_type() -> None:
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)} - {Event}
    assert set(EVENT_TYPES.values()) == kinds


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_type_says_whose_fact_it_is_and_its_version(name: str) -> None:
    assert re.fullmatch(r"hexaccount\.(user|session|profile)\.[a-z]+(_[a-z]+)*\.v[1-9]", name)


@pytest.mark.parametrize("event", EVENT_TYPES.values())
def test_no_event_has_a_field_for_a_secret(event: type[Event]) -> None:
    assert not [field.name for field in fields(event) if SECRET.search(field.name)]


def test_the_registration_of_a_user_does_not_hold_the_hash() -> None:
    user = registered_user()
    assert user.password_hash
    assert user.password_hash not in repr(user.pending)


def test_an_event_cannot_be_changed() -> None:
    event = registered_user().pending[0]
    with pytest.raises(FrozenInstanceError):
        event.at = None
