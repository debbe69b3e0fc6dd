"""A message with a value of a wrong type gets an error that names the field, the expected type and the remedy."""

from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.capabilities import all_capabilities
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command, Message, WrongFieldType, field_types
from hexaccount.passwords.set_password import SetPassword
from hexaccount.registration.register_user import RegisterUser
from tests.people import PASSWORD, registration

MESSAGES = [message for capability in all_capabilities() for message in capability.handlers]
TEXTS: dict[str, Any] = {
    "user_name": "juliet", "email": "juliet@example.org", "first_name": "Juliet", "last_name": "Capulet",
    "password": PASSWORD,
}  # fmt: skip


def test_a_registration_of_plain_text_names_the_field_and_the_remedy(service: Service) -> None:
    with pytest.raises(WrongFieldType) as error:
        service.bus.handle(RegisterUser(**TEXTS))
    assert str(error.value) == (
        "pass UserName(…) as user_name to RegisterUser, or text to RegisterUser.of_text: "
        "user_name must be of type UserName, and is of type str"
    )
    with pytest.raises(WrongFieldType, match=r"^pass Password\(…\) as password to RegisterUser") as error:
        service.bus.handle(replace(registration(), password=PASSWORD))  # type: ignore[arg-type]  # the subject
    assert PASSWORD not in str(error.value)
    assert service.bus.handle(RegisterUser.of_text(**TEXTS))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda user: GetProfile(user_id=str(user)), "user_id must be of type UUID, and is of type str"),
        (lambda user: SetPassword(user_id=user, password=PASSWORD), "password must be of type Password"),
        (
            lambda user: UpdateProfile(user_id=user, changes={}, expected=1),
            "expected must be of type Collection or None, and is of type int",
        ),
    ],
)
def test_so_does_any_other_message(service: Service, juliet: UUID, make: Any, field: str) -> None:
    with pytest.raises(WrongFieldType, match=field):
        service.bus.handle(make(juliet))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_field_of_every_message_can_be_checked(message: type[Message[Any]]) -> None:
    assert field_types(message).keys() == {field.name for field in fields(message)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange(Command[None]):
    name: "Unknown"  # type: ignore[name-defined]  # noqa: F821 - the subject


def test_an_annotation_that_cannot_be_read_is_not_checked() -> None:
    assert MessageBus({Strange: lambda command: command.name}).handle(Strange(name=1)) == 1
