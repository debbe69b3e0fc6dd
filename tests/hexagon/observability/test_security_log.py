"""The security log says who tried what, from where, and why it was refused; and nothing that is secret or personal."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.events.retry_dead_letters import RetryDeadLetters
from hexaccount.kernel.causation import Cause, admin_actor, caused_by, user_actor
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Message
from hexaccount.observability.account_hashes import GetAccountHash
from hexaccount.observability.metrics import SECURITY_EVENTS
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.login_throttle import LOGIN
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.acquire_permit import WRITES, AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import REGISTER
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryMetrics
from tests.people import PASSWORD, WRONG_PASSWORD

ADDRESS = "203.0.113.77"
NETWORK = "203.0.113.0/24"
CLIENT = Cause(actor=None, network=NETWORK, request_id="the request")
ADMIN = Cause(actor=admin_actor("grace", "host"), reason="her letter")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Return a function that returns the fields of the lines since its last call."""
    caplog.set_level(logging.INFO, "hexaccount.security")

    def take() -> list[dict[str, Any]]:
        found = [vars(record)["ecs"] for record in caplog.records if record.name == "hexaccount.security"]
        caplog.clear()
        return found

    return take


def refused(service: Service, message: Message[Any], *errors: type[Exception], cause: Cause = CLIENT) -> None:
    with caused_by(cause), pytest.raises(errors):
        service.bus.handle(message)


def guess(name: str = "juliet") -> LogIn:
    return LogIn(user_name=name, password=WRONG_PASSWORD, client_address=ADDRESS)


def hash_of(service: Service, reference: object) -> str:
    return service.bus.handle(GetAccountHash(reference=str(reference)))


def log_in(service: Service) -> IssuedTokens:
    return service.bus.handle(LogIn(user_name="juliet", password=PASSWORD, client_address=ADDRESS))


def as_user(user_id: UUID) -> Cause:
    return Cause(actor=user_actor(user_id), network=NETWORK, request_id="the request")


def test_a_failed_login_has_the_hash_of_the_name_the_network_and_the_reason(service: Service, lines: Lines) -> None:
    refused(service, guess("somebody"), WrongCredentials)

    assert lines() == [
        {
            "event.category": ["authentication"],
            "event.action": "log_in",
            "event.outcome": "failure",
            "error.code": "wrong_credentials",
            "labels.network": NETWORK,
            "user.hash": hash_of(service, "somebody"),
            "http.request.id": "the request",
        }
    ]


def test_the_hash_is_that_of_all_spellings_and_of_no_other_name(service: Service, juliet: UUID) -> None:
    assert hash_of(service, "juliet") == hash_of(service, "JULIET")
    assert hash_of(service, "Juliet@EXAMPLE.org") == hash_of(service, "Juliet@example.org")
    assert hash_of(service, juliet) == hash_of(service, str(juliet).upper())
    assert len({hash_of(service, each) for each in ("juliet", "juliet@example.org", juliet, "romeo")}) == 4


@pytest.mark.usefixtures("juliet")
def test_a_login_refused_by_a_limit_names_the_policy(service: Service, lines: Lines) -> None:
    for _ in range(LOGIN.limit.burst.capacity):
        refused(service, guess(), WrongCredentials)
    refused(service, guess(), TooManyAttempts)

    last = lines()[-1]
    assert (last["event.action"], last["error.code"], last["labels.policy"]) == ("log_in", "too_many_attempts", "login")
    assert last["user.hash"] == hash_of(service, "juliet")


def test_a_connection_that_is_refused_has_the_network_and_the_reason(service: Service, lines: Lines) -> None:
    log = service.container.security_log()
    for _ in range(30):
        log.refused("connect", "too_many_sockets", ADDRESS)
    log.summarise()

    first, *others = lines()
    assert first == {
        "event.category": ["network"],
        "event.action": "connect",
        "event.outcome": "failure",
        "error.code": "too_many_sockets",
        "labels.network": NETWORK,
    }
    assert others[-1]["labels.left_out"] == 20, "an attacker could fill the disk"


def test_a_request_refused_by_a_limit_has_the_network_and_with_a_token_the_account(
    service: Service, juliet: UUID, lines: Lines
) -> None:
    of_network = AcquirePermit(policy=REGISTER, client_address=ADDRESS)
    of_account = AcquirePermit(policy=WRITES, user_id=juliet)
    for request in (of_network, of_account):
        for _ in range(request.policy.limit.burst.capacity):
            service.bus.handle(request)
        refused(service, request, TooManyAttempts, cause=Cause(actor=None))

    first, second = lines()
    assert {each["event.action"] for each in (first, second)} == {"acquire_permit"}
    assert (first["labels.policy"], first["labels.network"]) == ("register", NETWORK)
    assert (second["labels.policy"], second["user.hash"]) == ("writes", hash_of(service, juliet))
    assert "user.hash" not in first


def test_a_wrong_current_password_has_the_hash_of_the_users_id(service: Service, juliet: UUID, lines: Lines) -> None:
    new = "over the hills and far away"
    change = ChangePassword.of_text(session_id=log_in(service).session_id, current=WRONG_PASSWORD, new=new)
    refused(service, change, WrongPassword, cause=as_user(juliet))

    (line,) = lines()
    assert (line["event.action"], line["error.code"]) == ("change_password", "wrong_password")
    assert line["user.hash"] == hash_of(service, juliet)


def test_the_reuse_of_a_refresh_token_is_a_warning(
    service: Service, juliet: UUID, clock: AdjustableClock, caplog: pytest.LogCaptureFixture, lines: Lines
) -> None:
    stolen = log_in(service).refresh
    service.bus.handle(RefreshSession(refresh=stolen))
    clock.advance(days=1)
    refused(service, RefreshSession(refresh=stolen), InvalidRefreshToken)

    assert [record.levelname for record in caplog.records if record.name == "hexaccount.security"] == ["WARNING"]
    (line,) = lines()
    assert (line["event.action"], line["error.code"]) == ("refresh_session", "token_reused")
    assert (line["user.hash"], line["labels.network"]) == (hash_of(service, juliet), NETWORK)


def test_no_flood_of_other_lines_hides_the_reuse_of_a_refresh_token(
    service: Service, juliet: UUID, clock: AdjustableClock, lines: Lines
) -> None:
    mine = log_in(service).refresh
    stolen = log_in(service).refresh
    service.bus.handle(RefreshSession(refresh=stolen))
    clock.advance(days=1)
    for _ in range(100):
        with caused_by(CLIENT), suppress(TooManyAttempts):
            mine = service.bus.handle(RefreshSession(refresh=mine)).refresh
    refused(service, RefreshSession(refresh=stolen), InvalidRefreshToken)

    codes = [line["error.code"] for line in lines()]
    assert codes.count("too_many_attempts") == 10
    assert codes[-1] == "token_reused"


def test_a_login_that_finds_the_hashing_queue_full_is_logged(service: Service, lines: Lines) -> None:
    def full() -> None:
        raise HashingOverloaded(2)

    with caused_by(CLIENT), pytest.raises(HashingOverloaded):
        service.container.security_log()(guess(), full)

    assert [line["error.code"] for line in lines()] == ["overloaded"]


def test_what_an_admin_does_at_the_command_line_has_actor_reason_and_account(
    service: Service, juliet: UUID, lines: Lines
) -> None:
    unknown = uuid4()
    with caused_by(ADMIN):
        service.bus.handle(DisableUser(user_id=juliet))
        service.bus.handle(RetryDeadLetters())
        service.bus.handle(GetUser(reference="juliet"))
    refused(service, DisableUser(user_id=unknown), UserNotFound, cause=ADMIN)

    done, retried, failed = lines()
    assert done == {
        "event.category": ["iam"],
        "event.action": "disable_user",
        "event.outcome": "success",
        "event.reason": "her letter",
        "labels.actor": "admin:grace@host",
        "user.hash": hash_of(service, juliet),
    }
    assert (retried["event.action"], "user.hash" in retried) == ("retry_dead_letters", False)
    assert (failed["event.outcome"], failed["error.code"]) == ("failure", "user_not_found")
    assert failed["user.hash"] == hash_of(service, unknown)


def test_each_line_is_counted_also_one_that_is_left_out(lines: Lines) -> None:
    metrics = MemoryMetrics()
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4)), metrics=metrics) as service:
        assert ("log_in", "wrong_credentials") in metrics.labels_of(SECURITY_EVENTS)
        for _ in range(LOGIN.limit.burst.capacity):
            refused(service, guess(), WrongCredentials)
        for _ in range(20):
            refused(service, guess(), TooManyAttempts)
        with caused_by(ADMIN):
            service.bus.handle(RetryDeadLetters())

    assert len(lines()) < 26
    assert {labels: metrics.figure(SECURITY_EVENTS, *labels) for labels in metrics.labels_of(SECURITY_EVENTS)} == {
        ("log_in", "wrong_credentials"): 5,
        ("log_in", "login"): 20,
        ("refresh_session", "token_reused"): 0,
        ("retry_dead_letters", "done"): 1,
    }


def test_nothing_else_is_logged(service: Service, juliet: UUID, lines: Lines) -> None:
    with caused_by(as_user(juliet)):
        log_in(service)
        with pytest.raises(Refusal):
            service.bus.handle(GetUser(reference="nobody"))
        service.bus.handle(DisableUser(user_id=juliet))

    assert lines() == []


@pytest.mark.usefixtures("juliet")
def test_no_line_has_a_name_an_address_or_a_password(
    service: Service, caplog: pytest.LogCaptureFixture, lines: Lines
) -> None:
    refused(service, guess(), WrongCredentials)
    refused(service, LogIn(user_name="juliet@example.org", password=WRONG_PASSWORD), WrongCredentials)
    refused(service, LogIn(user_name=PASSWORD, password="x", client_address=ADDRESS), WrongCredentials)

    text = caplog.text + json.dumps(lines())
    for secret in ("juliet", "example.org", PASSWORD, WRONG_PASSWORD, ADDRESS):
        assert secret not in text


@pytest.fixture
def attack(service: Service) -> Callable[[int, str], None]:
    """Return a function that reports a number of wrong passwords from a network, without computing hashes."""

    def wrong() -> None:
        raise WrongCredentials

    def report(number: int, network: str) -> None:
        with caused_by(Cause(actor=None, network=network)):
            for _ in range(number):
                with pytest.raises(WrongCredentials):
                    service.container.security_log()(guess(), wrong)

    return report


def test_lines_of_one_network_are_limited_and_a_minute_later_a_line_counts_the_others(
    service: Service, attack: Callable[[int, str], None], clock: AdjustableClock, lines: Lines
) -> None:
    attack(1000, NETWORK)
    attack(12, "198.51.100.0/24")
    written = lines()
    assert [line["labels.network"] for line in written] == [NETWORK] * 10 + ["198.51.100.0/24"] * 10

    clock.advance(seconds=60)
    with caused_by(ADMIN):
        hash_of(service, "anything")

    (summary,) = lines()
    assert (summary["event.category"], "labels.actor" in summary) == (["authentication"], False)
    assert (summary["event.action"], summary["labels.left_out"], summary["labels.network"]) == ("log_in", 992, NETWORK)
    attack(1, NETWORK)
    assert len(lines()) == 1


def test_lines_of_many_networks_are_limited_together(
    attack: Callable[[int, str], None], service: Service, lines: Lines
) -> None:
    for number in range(2000):
        attack(1, f"2001:db8:{number:x}::/48")
    assert len(lines()) == 300

    service.container.security_log().summarise()

    (summary,) = lines()
    assert (summary["labels.left_out"], summary["labels.network"]) == (1700, "others")


def test_what_was_left_out_is_counted_at_the_end_of_the_process(
    service: Service, attack: Callable[[int, str], None], lines: Lines
) -> None:
    attack(11, NETWORK)
    service.close()

    assert [line.get("labels.left_out") for line in lines()][-1] == 1


def test_admins_are_not_limited(service: Service, juliet: UUID, lines: Lines) -> None:
    with caused_by(ADMIN):
        for _ in range(50):
            service.bus.handle(DisableUser(user_id=juliet))

    assert len(lines()) == 50
