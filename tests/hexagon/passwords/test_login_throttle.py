"""Wrong logins are limited by account and by address; known devices have separate limits."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_security import BcryptHasher, HashingPool
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.people import PASSWORD, registration

OFFICE = "198.51.100.7"


def test_the_sixth_wrong_password_from_one_address_is_refused(guess: Callable[..., str]) -> None:
    assert [guess() for _ in range(7)] == ["wrong_credentials"] * 5 + ["too_many_attempts"] * 2


def test_a_refusal_states_the_exact_wait(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens], clock: AdjustableClock
) -> None:
    for _ in range(5):
        guess()
    clock.advance(seconds=0.3)
    with pytest.raises(TooManyAttempts) as refusal:
        log_in()
    assert str(refusal.value) == "too many attempts; wait 12 seconds and try again"
    clock.advance(seconds=11.6)
    assert guess() == "too_many_attempts"
    clock.advance(seconds=0.1)
    assert log_in()


def test_the_right_password_is_refused_too_while_the_limit_is_exceeded(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens]
) -> None:
    for _ in range(5):
        guess()
    with pytest.raises(TooManyAttempts):
        log_in()
    assert log_in(address=OFFICE)


def test_a_refused_attempt_costs_no_hash(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    for name in ("juliet", "romeo"):
        for _ in range(20):
            guess(name)
    assert counted.costs == [4] * 10


def test_a_successful_login_is_no_guess(
    service: Service, guess: Callable[..., str], log_in: Callable[..., IssuedTokens]
) -> None:
    for _ in range(50):
        log_in()
    assert [guess() for _ in range(6)] == ["wrong_credentials"] * 5 + ["too_many_attempts"]


def test_all_spellings_of_a_name_share_one_limit(guess: Callable[..., str]) -> None:
    names = ["juliet", "JULIET", "\uff4auliet", " juliet", "juliet\u00a0", "JULIet"]
    assert [guess(name) for name in names] == ["wrong_credentials"] * 5 + ["too_many_attempts"]


@pytest.mark.parametrize("name", ["juliet", "romeo", "no name at all"])
def test_an_attack_from_many_addresses_blocks_the_account_briefly(
    attack: Callable[..., list[str]], guess: Callable[..., str], clock: AdjustableClock, name: str
) -> None:
    assert attack(name) == ["wrong_credentials"] * 40 + ["too_many_attempts"]
    clock.advance(seconds=2)
    assert [guess(name, OFFICE) for _ in range(2)] == ["wrong_credentials", "too_many_attempts"]


def test_user_name_and_email_address_share_the_limit_of_an_account(
    attack: Callable[..., list[str]], guess: Callable[..., str]
) -> None:
    attack("juliet", 30)
    assert attack("juliet@example.org", 21) == ["wrong_credentials"] * 20 + ["too_many_attempts"]
    assert guess("romeo") == "wrong_credentials"


def test_one_address_cannot_block_an_account_for_others(
    service: Service, guess: Callable[..., str], log_in: Callable[..., IssuedTokens], clock: AdjustableClock
) -> None:
    for round_number in range(2000):
        guess("juliet")
        guess("juliet@example.org")
        clock.advance(seconds=5)
        if round_number % 100 == 0:
            assert log_in(address=OFFICE)
    assert log_in(address=OFFICE)


def test_a_refused_attempt_does_not_count_for_wider_limits(
    guess: Callable[..., str], attack: Callable[..., list[str]]
) -> None:
    for _ in range(200):
        guess()
    assert attack(times=36) == ["wrong_credentials"] * 35 + ["too_many_attempts"]


def test_a_refusal_by_a_wider_limit_refunds_the_narrower_ones(
    attack: Callable[..., list[str]], guess: Callable[..., str], clock: AdjustableClock
) -> None:
    attack()
    for _ in range(20):
        assert guess(address=OFFICE) == "too_many_attempts"
    clock.advance(seconds=2)
    assert guess(address=OFFICE) == "wrong_credentials"


def test_an_address_that_tries_many_names_is_refused(guess: Callable[..., str]) -> None:
    answers = [guess(f"name{number}") for number in range(61)]
    assert answers == ["wrong_credentials"] * 60 + ["too_many_attempts"]
    assert guess("name99", OFFICE) == "wrong_credentials"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002::", True),
        ("2001:db8:1:2ff::1", "2001:db8:1:300::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("192.0.2.7", "192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unknown", False),
    ],
)
def test_ipv6_addresses_count_by_their_56_bit_prefix_and_mapped_ones_as_ipv4(
    guess: Callable[..., str], one: str, other: str, same: bool
) -> None:
    for _ in range(5):
        guess(address=one)
    assert guess(address=other) == ("too_many_attempts" if same else "wrong_credentials")


def test_an_attempt_without_a_hashing_slot_is_no_guess_and_counts_for_its_address(
    service: Service, juliet: UUID, clock: AdjustableClock
) -> None:
    class Overloaded(BcryptHasher):
        def verify(self, password: str, stored: str | None):
            raise HashingOverloaded(1)

    pool = HashingPool(slots=1, queue=0)
    login = LogIn(user_name="juliet", password=PASSWORD)
    with open_service(service.settings, store=service.store, hasher=Overloaded(4, pool), clock=clock) as busy:
        for _ in range(120):
            with pytest.raises(HashingOverloaded):
                busy.bus.handle(login)
        with pytest.raises(TooManyAttempts):
            busy.bus.handle(login)
        with pytest.raises(HashingOverloaded):
            busy.bus.handle(replace(login, client_address=OFFICE))
    pool.close()


def test_an_attempt_that_its_limits_refuse_looks_no_account_up_but_the_one_that_its_device_token_names(
    service: Service, juliet: UUID, log_in: Callable[..., IssuedTokens]
) -> None:
    service.bus.handle(registration("nurse"))
    device = log_in("nurse").device
    look_ups = 0

    def counted() -> UnitOfWork:
        nonlocal look_ups
        look_ups += 1
        return service.store.unit_of_work()

    throttle = replace(service.container.injector().provide(LoginThrottle), unit_of_work=counted)
    for name in ("juliet", "romeo"):
        for number in range(7):
            with suppress(TooManyAttempts):
                throttle.acquire(name, client_address=OFFICE, device=None)
            assert look_ups == min(number + 1, 5)
        with pytest.raises(TooManyAttempts):
            throttle.acquire(name, client_address=OFFICE, device=device)
        assert look_ups == 6
        look_ups = 0


def test_two_networks_cannot_shut_the_owner_out_of_a_new_device(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens], clock: AdjustableClock
) -> None:
    for _ in range(1000):
        for address in ("203.0.113.1", "203.0.113.2"):
            guess("juliet", address)
            guess("juliet@example.org", address)
        clock.advance(seconds=2)
    assert log_in(address=OFFICE)


def test_logins_with_the_right_password_are_limited_by_account_by_network_and_by_device(
    log_in: Callable[..., IssuedTokens], service: Service, clock: AdjustableClock
) -> None:
    device = log_in(address="192.0.2.1").device
    for number in range(59):
        log_in(address=f"203.0.113.{number}")
    for refused in ({"address": OFFICE}, {"device": device}):
        with pytest.raises(TooManyAttempts):
            log_in(**refused)
    clock.advance(minutes=5)
    for _ in range(10):
        log_in(device=device)
    with pytest.raises(TooManyAttempts):
        log_in(device=device)
    assert log_in(address=OFFICE)


def test_the_limit_status_does_not_reveal_whether_an_account_exists(service: Service, juliet: UUID) -> None:
    statuses = []
    for name, other in (("juliet", "juliet@example.org"), ("romeo", "romeo@example.org")):
        for text in (name, name, other, other, other):
            with pytest.raises(WrongCredentials) as refusal:
                service.bus.handle(LogIn(user_name=text, password="wrong", client_address=name))
            statuses.append(refusal.value.limit_status)
    assert statuses[:5] == statuses[5:]
    assert [status.remaining for status in statuses[:5] if status] == [4, 3, 4, 3, 2]
