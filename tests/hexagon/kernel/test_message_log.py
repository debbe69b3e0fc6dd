import logging
import re
from dataclasses import MISSING, fields
from typing import Any
from uuid import UUID

import pytest

from hexaccount.bootstrap.capabilities import all_capabilities
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.message_log import log_messages
from hexaccount.kernel.messages import Message
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.people import PASSWORD, registration

SECRET = re.compile(r"password|token|secret|hash")


def every_message() -> list[type[Message[Any]]]:
    return [message for capability in all_capabilities() for message in capability.handlers]


def test_every_use_case_has_a_message() -> None:
    assert {kind.__name__ for kind in every_message()} >= {
        "RegisterUser", "LogIn", "LogOut", "UpdateProfile", "DisableUser", "EnableUser",
        "GetUser", "ListUsers", "GetProfile", "Authenticate",
    }  # fmt: skip


@pytest.mark.parametrize("message", [*every_message(), IssuedTokens])
def test_the_representation_of_a_message_hides_its_secrets(message: type[Any]) -> None:
    assert not [field.name for field in fields(message) if SECRET.search(field.name) and field.repr]


@pytest.mark.parametrize("message", every_message())
def test_a_message_is_frozen_and_takes_keyword_arguments_only(message: type[Any]) -> None:
    assert message.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(message))


@pytest.mark.parametrize(
    "message",
    [registration(), LogIn(user_name="juliet", password=PASSWORD), Authenticate(token=PASSWORD)],
    ids=lambda message: type(message).__name__,
)
def test_a_secret_appears_neither_in_the_representation_nor_in_the_log(
    message: Message[Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert PASSWORD not in repr(message)
    with caplog.at_level(logging.DEBUG, "hexaccount.bus"):
        log_messages(message, lambda: None)
    assert type(message).__name__ in caplog.text
    assert PASSWORD not in caplog.text


def test_the_log_contains_no_values_of_a_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "hexaccount.bus"):
        log_messages(registration("juliet"), lambda: UUID(int=7))
    assert not re.search(r"juliet|Capulet|example\.org|00000007", caplog.text)


def test_the_log_contains_the_outcome_of_a_message_and_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> None:
        raise WrongCredentials

    def fail() -> None:
        raise ZeroDivisionError("correct horse")

    message = LogIn(user_name="juliet", password=PASSWORD)
    with caplog.at_level(logging.DEBUG, "hexaccount.bus"), caused_by(Cause(causation_id="request-1")):
        assert log_messages(message, lambda: 7) == 7
        with pytest.raises(WrongCredentials):
            log_messages(message, refuse)
        with pytest.raises(ZeroDivisionError):
            log_messages(message, fail)
    done, refused, failed = (record.getMessage() for record in caplog.records)
    assert re.fullmatch(r"LogIn done in \d+\.\d ms, cause request-1", done)
    assert refused.startswith("LogIn refused: wrong_credentials in ")
    assert failed.startswith("LogIn failed in ")
    assert "correct horse" not in failed


def test_every_default_of_a_message_is_immutable() -> None:
    for message in every_message():
        for field in fields(message):
            assert field.default is MISSING or field.default.__hash__ is not None
