from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.log_out import LogOut
from tests.application.counted_bcrypt import CountedBcrypt
from tests.application.devices import can_go_on, history, is_alive, listed, log_in, refresh
from tests.application.people import PASSWORD, registration

NEW = "fresh as the morning dew"


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


@pytest.fixture
def laptop(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service)


@pytest.fixture
def phone(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service)


def change(service: Service, access: IssuedTokens, current: str = PASSWORD, new: str = NEW) -> None:
    command = ChangePassword.of_text(session_id=access.session_id, current=current, new=new)
    service.bus.handle(command)


def hash_of(service: Service, user_id: UUID) -> str:
    with service.store.unit_of_work() as uow:
        return uow.users.get(user_id).password_hash


def test_the_new_password_logs_in_and_the_old_one_does_not(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    change(service, laptop)
    assert is_alive(service, log_in(service, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=PASSWORD)


def test_the_session_that_changes_it_goes_on_with_all_its_tokens(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    change(service, laptop)
    assert is_alive(service, laptop)
    following = refresh(service, laptop.refresh)
    assert is_alive(service, following)
    assert listed(service, juliet) == [laptop.session_id]
    assert history(service, "session", laptop.session_id) == ["opened", "kept", "refreshed"]


def test_a_token_that_was_spent_just_before_the_change_may_still_be_repeated(
    service: Service, laptop: IssuedTokens
) -> None:
    following = refresh(service, laptop.refresh)
    change(service, laptop)
    assert refresh(service, laptop.refresh).refresh == following.refresh


def test_all_other_sessions_are_dead_with_all_their_tokens(
    service: Service, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    change(service, laptop)
    assert not is_alive(service, phone)
    assert not can_go_on(service, phone)


def test_the_change_is_told_without_a_password_or_a_hash(service: Service, juliet: UUID, laptop: IssuedTokens) -> None:
    before = hash_of(service, juliet)
    change(service, laptop)
    assert history(service, "user", juliet) == ["registered", "password_changed"]
    with service.store.unit_of_work() as uow:
        journal = repr([uow.journal.of("user", juliet), uow.journal.of("session", laptop.session_id)])
    assert not [secret for secret in (PASSWORD, NEW, before, hash_of(service, juliet)) if secret in journal]


@pytest.mark.parametrize("current", ["", "wrong", NEW, PASSWORD + " ", "\0", "\ud800", "x" * 100_000], ids=ascii)
def test_who_does_not_know_the_password_changes_nothing(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens, current: str
) -> None:
    before = hash_of(service, juliet)
    with pytest.raises(WrongPassword) as refusal:
        change(service, laptop, current=current)
    assert str(refusal.value) == "is not the password of this account"
    assert hash_of(service, juliet) == before
    assert is_alive(service, laptop)
    assert is_alive(service, phone)
    assert history(service, "user", juliet) == ["registered"]


def test_the_current_password_is_the_same_on_every_keyboard(service: Service, laptop: IssuedTokens) -> None:
    change(service, laptop, new="pass\u0301word 1")
    change(service, laptop, current="pas\u015bword 1", new=NEW)
    assert log_in(service, password=NEW)


def test_a_password_may_be_changed_again_and_again_from_one_session(service: Service, laptop: IssuedTokens) -> None:
    passwords = [PASSWORD, NEW, "the third password", PASSWORD]
    for current, new in pairwise(passwords):
        change(service, laptop, current=current, new=new)
    assert is_alive(service, laptop)
    assert log_in(service, password=PASSWORD)


@pytest.mark.parametrize(
    ("new", "reason"), [("tiny", "is too short"), ("x" * 129, "is too long"), ("a\tb" * 4, "contr")]
)
def test_a_new_password_obeys_the_rules_and_is_named_when_it_does_not(
    service: Service, laptop: IssuedTokens, new: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        change(service, laptop, new=new)
    assert list(refusal.value.errors) == ["new_password"]
    assert reason in refusal.value.errors["new_password"]
    assert new not in str(refusal.value)


@pytest.mark.parametrize("current", [PASSWORD, "wrong"])
@pytest.mark.parametrize(
    "end",
    [
        lambda user_id, access: LogOut(session_id=access.session_id),
        lambda user_id, access: EndSessions(user_id=user_id),
        lambda user_id, access: DisableUser(user_id=user_id),
    ],
    ids=["logout", "all sessions", "disabling"],
)
def test_a_session_that_has_ended_changes_nothing_and_is_not_told_what_the_password_is(
    service: Service, juliet: UUID, laptop: IssuedTokens, end: Callable[[UUID, IssuedTokens], Any], current: str
) -> None:
    before = hash_of(service, juliet)
    service.bus.handle(end(juliet, laptop))
    with pytest.raises(NotAuthenticated):
        change(service, laptop, current=current)
    assert hash_of(service, juliet) == before


def test_a_session_that_never_was_changes_nothing(service: Service) -> None:
    with pytest.raises(NotAuthenticated):
        service.bus.handle(ChangePassword.of_text(session_id=uuid4(), current=PASSWORD, new=NEW))


class InterruptedHasher(PasswordHasher):
    """Has something happen between the check of the current password and the change."""

    def __init__(self, hasher: PasswordHasher, happening: Callable[[], object]) -> None:
        self._hasher = hasher
        self._happening = happening

    def hash(self, password: str) -> str:
        self._happening()
        return self._hasher.hash(password)

    def verify(self, password: str, stored: str | None) -> Verification:
        return self._hasher.verify(password, stored)


def change_interrupted_by(
    service: Service, access: IssuedTokens, clock: AdjustableClock, happening: Callable[[], object]
) -> None:
    from hexaccount.passwords.change_password import change_password

    change_password(
        ChangePassword.of_text(session_id=access.session_id, current=PASSWORD, new=NEW),
        unit_of_work=service.store.unit_of_work,
        hasher=InterruptedHasher(service.container.hasher(), happening),
        common_passwords=service.container.common_passwords(),
        clock=clock,
        identifiers=service.container.identifiers(),
        guard=service.container.guard(),
    )


def test_of_two_changes_at_once_the_second_does_not_know_the_password_any_more(
    service: Service, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    with pytest.raises(WrongPassword):
        change_interrupted_by(service, laptop, clock, lambda: change(service, laptop, new="the winner's password"))
    assert log_in(service, password="the winner's password")


def test_ending_the_other_sessions_meanwhile_is_no_reason_to_doubt_the_password(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    end_others = EndSessions(user_id=juliet, keep=laptop.session_id)
    change_interrupted_by(service, laptop, clock, lambda: service.bus.handle(end_others))
    assert log_in(service, password=NEW)
    assert is_alive(service, laptop)


def test_a_session_that_ends_meanwhile_changes_nothing(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    with pytest.raises(NotAuthenticated):
        change_interrupted_by(service, laptop, clock, lambda: service.bus.handle(LogOut(session_id=laptop.session_id)))
    assert log_in(service, password=PASSWORD)


def test_a_login_that_checked_the_old_password_opens_nothing_that_outlives_the_change(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    with service.store.unit_of_work() as uow:
        as_the_login_read_it = uow.users.get(juliet)
    change(service, laptop)
    from hexaccount.sessions.session import Session

    now = service.container.clock().now()
    late = Session.open(
        session_id=uuid4(), user=as_the_login_read_it, client_address="", user_agent="", at=now,
        lifetimes=service.container.lifetimes(),
    )  # fmt: skip
    with service.store.unit_of_work() as uow:
        uow.sessions.add(late)
        uow.commit()
    assert listed(service, juliet) == [laptop.session_id]


def test_an_admin_sets_a_password_without_knowing_the_one_before_and_ends_every_session(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(SetPassword.of_text(user_id=juliet, password=NEW))
    assert [is_alive(service, access) for access in (laptop, phone)] == [False, False]
    assert [can_go_on(service, access) for access in (laptop, phone)] == [False, False]
    assert is_alive(service, log_in(service, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=PASSWORD)
    assert history(service, "user", juliet) == ["registered", "password_changed"]


def test_a_password_that_is_set_does_not_unlock_a_disabled_account(service: Service, juliet: UUID) -> None:
    service.bus.handle(DisableUser(user_id=juliet))
    service.bus.handle(SetPassword.of_text(user_id=juliet, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=NEW)
    service.bus.handle(EnableUser(user_id=juliet))
    assert is_alive(service, log_in(service, password=NEW))


def test_nobody_who_is_not_there_gets_a_password_nor_the_work_for_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    with pytest.raises(UserNotFound):
        service.bus.handle(SetPassword.of_text(user_id=uuid4(), password=NEW))
    assert counted.costs == []


def test_a_password_that_is_set_obeys_the_rules_too() -> None:
    with pytest.raises(InvalidInput) as refusal:
        SetPassword.of_text(user_id=uuid4(), password="short")
    assert list(refusal.value.errors) == ["password"]


def test_a_wrong_guess_costs_one_hash_and_a_change_two(
    service: Service, laptop: IssuedTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    with pytest.raises(WrongPassword):
        change(service, laptop, current="wrong")
    change(service, laptop)
    assert counted.costs == [4, 4, 4]


def test_a_new_password_is_hashed_at_the_cost_of_the_settings(clock: AdjustableClock) -> None:
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=5)), clock=clock) as service:
        juliet = service.bus.handle(registration("juliet"))
        change(service, log_in(service))
        assert hash_of(service, juliet).split("$")[2].endswith("r=5")


def test_no_message_shows_a_password() -> None:
    commands = [
        ChangePassword.of_text(session_id=uuid4(), current=PASSWORD, new=NEW),
        SetPassword.of_text(user_id=uuid4(), password=NEW),
    ]
    assert not [secret for secret in (PASSWORD, NEW) if secret in repr(commands)]


def test_the_token_of_the_session_that_changed_the_password_opens_the_same_account(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    change(service, laptop)
    assert service.bus.handle(Authenticate(token=laptop.token)).user.id == juliet
