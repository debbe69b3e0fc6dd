"""Known devices have a separate limit, so their owners can log in during an attack."""

from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.bootstrap.service import Service
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.people import registration

OFFICE = "198.51.100.7"


def test_a_known_device_can_log_in_during_an_attack(
    log_in: Callable[..., IssuedTokens], attack: Callable[..., list[str]], guess: Callable[..., str]
) -> None:
    device = log_in().device
    attack()
    for _ in range(6):
        guess()
    with pytest.raises(TooManyAttempts):
        log_in(address=OFFICE)
    again = log_in(device=device)
    assert again.device == device
    assert log_in(address=OFFICE, device=again.device)


def test_each_known_device_has_a_separate_limit(log_in: Callable[..., IssuedTokens], guess: Callable[..., str]) -> None:
    device, other = log_in().device, log_in().device
    assert device != other
    answers = [guess(device=device, address=f"203.0.113.{number}") for number in range(6)]
    assert answers == ["wrong_credentials"] * 5 + ["too_many_attempts"]
    assert log_in(device=other)
    assert log_in()


def test_attempts_on_a_known_device_do_not_count_for_its_address(
    log_in: Callable[..., IssuedTokens], guess: Callable[..., str]
) -> None:
    for number in range(8):
        device = log_in(address=OFFICE).device
        for _ in range(5):
            guess(device=device)
        assert guess(f"name{number}") == "wrong_credentials"


def test_a_device_token_is_valid_for_one_account_only(
    service: Service, log_in: Callable[..., IssuedTokens], attack: Callable[..., list[str]]
) -> None:
    service.bus.handle(registration("nurse"))
    device = log_in("nurse").device
    attack()
    with pytest.raises(TooManyAttempts):
        log_in(device=device)


def test_disabling_an_account_revokes_the_tokens_of_its_devices(
    service: Service, juliet: UUID, log_in: Callable[..., IssuedTokens], attack: Callable[..., list[str]]
) -> None:
    old = log_in().device
    service.bus.handle(DisableUser(user_id=juliet))
    service.bus.handle(EnableUser(user_id=juliet))
    new = log_in(device=old).device
    assert new != old
    attack()
    with pytest.raises(TooManyAttempts):
        log_in(device=old)
    assert log_in(device=new)


@pytest.mark.parametrize("device", ["", "x", "x" * 64, "\ud800" * 64, "=" * 64, "x" * 10_000])
def test_an_invalid_device_token_is_ignored(log_in: Callable[..., IssuedTokens], device: str) -> None:
    assert log_in(device=device).device != device


def test_representations_hide_the_device_token(log_in: Callable[..., IssuedTokens]) -> None:
    tokens = log_in()
    assert tokens.device not in repr(tokens)
    assert tokens.device not in repr(LogIn(user_name="juliet", password="x", device=tokens.device))
