"""Who guesses is slowed down, whoever the account belongs to, and its owner passes on a device that it knows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import LimitSettings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.policies import limits
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount_security import BcryptHasher, HashingLane
from tests.application.counted_bcrypt import CountedBcrypt
from tests.application.people import PASSWORD, registration

HOME, OFFICE = "192.0.2.7", "198.51.100.7"


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


@pytest.fixture
def log_in(service: Service, juliet: UUID) -> Callable[..., IssuedTokens]:
    def log_in(
        name: str = "juliet", password: str = PASSWORD, address: str = HOME, device: str | None = None
    ) -> IssuedTokens:
        return service.bus.handle(LogIn(user_name=name, password=password, client_address=address, device=device))

    return log_in


@pytest.fixture
def guess(log_in: Callable[..., IssuedTokens]) -> Callable[..., str]:
    """Guess wrong, and return what became of it."""

    def guess(name: str = "juliet", address: str = HOME, device: str | None = None) -> str:
        with pytest.raises((WrongCredentials, TooManyAttempts)) as refusal:
            log_in(name, "wrong password", address, device)
        return refusal.value.code

    return guess


@pytest.fixture
def attack(guess: Callable[..., str]) -> Callable[..., list[str]]:
    """Guess from many addresses until the account is shut, and return those that were refused for it."""

    def attack(name: str = "juliet", times: int = 16) -> list[str]:
        return [guess(name, f"203.0.113.{number}") for number in range(times)]

    return attack


def test_the_sixth_wrong_password_from_one_address_is_refused(guess: Callable[..., str]) -> None:
    assert [guess() for _ in range(7)] == ["wrong_credentials"] * 5 + ["too_many_attempts"] * 2


def test_who_is_refused_is_told_for_how_long_and_no_less_than_that_is_true(
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


def test_the_right_password_is_refused_like_a_wrong_one_while_there_is_no_room(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens]
) -> None:
    for _ in range(5):
        guess()
    with pytest.raises(TooManyAttempts):
        log_in()
    assert log_in(address=OFFICE)


def test_a_refused_guess_makes_no_hash(
    guess: Callable[..., str], log_in: Callable[..., IssuedTokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    for name in ("juliet", "romeo"):
        for _ in range(20):
            guess(name)
    assert counted.costs == [4] * 10


def test_a_login_takes_nothing_from_the_limits(
    service: Service, guess: Callable[..., str], log_in: Callable[..., IssuedTokens]
) -> None:
    for _ in range(100):
        log_in()
    assert [guess() for _ in range(6)] == ["wrong_credentials"] * 5 + ["too_many_attempts"]


def test_every_spelling_of_a_name_is_one_counter(guess: Callable[..., str]) -> None:
    names = ["juliet", "JULIET", "\uff4auliet", "Juliet", "julieT", "JULIet"]
    assert [guess(name) for name in names] == ["wrong_credentials"] * 5 + ["too_many_attempts"]


@pytest.mark.parametrize("name", ["juliet", "romeo", "no name at all"])
def test_an_attack_from_many_addresses_shuts_the_account_for_a_moment(
    attack: Callable[..., list[str]], guess: Callable[..., str], clock: AdjustableClock, name: str
) -> None:
    assert attack(name) == ["wrong_credentials"] * 15 + ["too_many_attempts"]
    clock.advance(seconds=4)
    assert [guess(name, OFFICE) for _ in range(2)] == ["wrong_credentials", "too_many_attempts"]


def test_user_name_and_address_of_an_account_are_one_counter_for_an_attack(
    attack: Callable[..., list[str]], guess: Callable[..., str]
) -> None:
    attack("juliet", 8)
    assert attack("juliet@example.org", 8) == ["wrong_credentials"] * 7 + ["too_many_attempts"]
    assert guess("romeo") == "wrong_credentials"


def test_from_one_address_nobody_shuts_an_account_for_others(
    service: Service, guess: Callable[..., str], log_in: Callable[..., IssuedTokens], clock: AdjustableClock
) -> None:
    for _ in range(2000):
        guess("juliet")
        guess("juliet@example.org")
        clock.advance(seconds=5)
        if _ % 100 == 0:
            assert log_in(address=OFFICE)
    assert log_in(address=OFFICE)


def test_a_refused_guess_does_not_use_up_what_wider_limits_have(
    guess: Callable[..., str], attack: Callable[..., list[str]]
) -> None:
    for _ in range(200):
        guess()
    assert attack(times=11) == ["wrong_credentials"] * 10 + ["too_many_attempts"]


def test_a_refusal_by_a_wider_limit_gives_back_what_the_narrower_ones_gave(
    attack: Callable[..., list[str]], guess: Callable[..., str], clock: AdjustableClock
) -> None:
    attack()
    for _ in range(20):
        assert guess(address=OFFICE) == "too_many_attempts"
    clock.advance(seconds=4)
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
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("192.0.2.7", "192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unknown", False),
    ],
)
def test_ipv6_addresses_count_by_their_64_and_mapped_ones_as_what_they_are(
    guess: Callable[..., str], one: str, other: str, same: bool
) -> None:
    for _ in range(5):
        guess(address=one)
    assert guess(address=other) == ("too_many_attempts" if same else "wrong_credentials")


def test_a_device_that_has_logged_in_before_passes_while_the_account_is_under_attack(
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


def test_a_device_has_a_limit_of_its_own(log_in: Callable[..., IssuedTokens], guess: Callable[..., str]) -> None:
    device, other = log_in().device, log_in().device
    assert device != other
    answers = [guess(device=device, address=f"203.0.113.{number}") for number in range(6)]
    assert answers == ["wrong_credentials"] * 5 + ["too_many_attempts"]
    assert log_in(device=other)
    assert log_in()


def test_guesses_on_a_known_device_do_not_count_for_its_address(
    log_in: Callable[..., IssuedTokens], guess: Callable[..., str]
) -> None:
    for number in range(20):
        device = log_in(address=OFFICE).device
        for _ in range(5):
            guess(device=device)
        assert guess(f"name{number}") == "wrong_credentials"


def test_a_device_token_is_of_one_account_only(
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
def test_a_device_token_that_is_none_is_ignored(log_in: Callable[..., IssuedTokens], device: str) -> None:
    assert log_in(device=device).device != device


def test_a_guess_that_found_no_hashing_slot_was_none(service: Service, juliet: UUID) -> None:
    class Overloaded(BcryptHasher):
        def verify(self, password: str, stored: str | None):
            raise HashingOverloaded(1)

    lane = HashingLane(slots=1, queue=0)
    login = LogIn(user_name="juliet", password=PASSWORD)
    with open_service(service.settings, store=service.store, hasher=Overloaded(4, lane)) as busy:
        for _ in range(100):
            with pytest.raises(HashingOverloaded):
                busy.bus.handle(login)
    lane.close()


def test_a_standing_tells_nothing_of_whether_an_account_exists(service: Service, juliet: UUID) -> None:
    standings = []
    for name, other in (("juliet", "juliet@example.org"), ("romeo", "romeo@example.org")):
        for text in (name, name, other, other, other):
            with pytest.raises(WrongCredentials) as refusal:
                service.bus.handle(LogIn(user_name=text, password="wrong", client_address=name))
            standings.append(refusal.value.limit_status)
    assert standings[:5] == standings[5:]
    assert [limit_status.remaining for limit_status in standings[:5] if limit_status] == [4, 3, 4, 3, 2]


@pytest.fixture
def unlimited(service: Service) -> Iterator[Service]:
    settings = msgspec.structs.replace(service.settings, limits=LimitSettings(enabled=False))
    with open_service(settings, store=service.store) as unlimited:
        yield unlimited


def test_where_limits_are_disabled_nothing_is_counted_and_nothing_told(unlimited: Service, juliet: UUID) -> None:
    for _ in range(100):
        with pytest.raises(WrongCredentials) as refusal:
            unlimited.bus.handle(LogIn(user_name="juliet", password="wrong"))
        assert refusal.value.limit_status is None
    assert unlimited.bus.handle(AcquirePermit(policy="register", client_address=HOME)) is None


def test_requests_of_one_address_are_admitted_as_the_table_says(service: Service, clock: AdjustableClock) -> None:
    request = AcquirePermit(policy="register", client_address=HOME)
    capacity = limits()["register"].burst.capacity
    left = [service.bus.handle(request).remaining for _ in range(capacity)]
    assert left == list(reversed(range(capacity)))
    with pytest.raises(TooManyAttempts):
        service.bus.handle(request)
    assert service.bus.handle(replace(request, client_address=OFFICE))
    assert service.bus.handle(replace(request, policy="logout"))
    clock.advance(seconds=2)
    assert service.bus.handle(request)


def test_pictures_are_counted_by_the_process_and_all_else_in_the_store(service: Service) -> None:
    local, shared = service.container.local_allowances(), service.store.rate_limits
    for policy in limits():
        before = len(local), len(shared)
        service.bus.handle(AcquirePermit(policy=policy, client_address=HOME))
        grown = len(local) - before[0], len(shared) - before[1]
        assert grown == ((1, 0) if policy in {"avatar", "keys", "documents", "sockets"} else (0, 1))


def test_neither_a_message_nor_its_answer_shows_the_token_of_a_device(log_in: Callable[..., IssuedTokens]) -> None:
    access = log_in()
    assert access.device not in repr(access)
    assert access.device not in repr(LogIn(user_name="juliet", password="x", device=access.device))
