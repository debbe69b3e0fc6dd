"""A change of the password while other processes change the account."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.ports import PasswordHasher, Verification
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens, SessionTokens
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.passwords.changes import NEW, change
from tests.hexagon.sessions.devices import listed, log_in
from tests.people import PASSWORD


class InterruptedHasher(PasswordHasher):
    """Runs a function between the check of the current password and the change."""

    def __init__(self, hasher: PasswordHasher, interruption: Callable[[], object]) -> None:
        self._hasher = hasher
        self._interruption = interruption

    def hash(self, password: str) -> str:
        self._interruption()
        return self._hasher.hash(password)

    def verify(self, password: str, stored: str | None) -> Verification:
        return self._hasher.verify(password, stored)


def change_interrupted_by(
    service: Service, tokens: IssuedTokens, clock: AdjustableClock, interruption: Callable[[], object]
) -> None:
    from hexaccount.passwords.change_password import change_password

    change_password(
        ChangePassword.of_text(session_id=tokens.session_id, current=PASSWORD, new=NEW),
        unit_of_work=service.store.unit_of_work,
        hasher=InterruptedHasher(service.container.hasher(), interruption),
        policy=service.container.password_policy(),
        clock=clock,
        tokens=service.container.injector().provide(SessionTokens),
        throttle=service.container.injector().provide(LoginThrottle),
    )


def test_the_second_of_two_concurrent_changes_has_no_session_any_more(
    service: Service, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    with pytest.raises(NotAuthenticated):
        change_interrupted_by(service, laptop, clock, lambda: change(service, laptop, new="the winner's password"))
    assert log_in(service, password="the winner's password")


def test_ending_other_sessions_concurrently_does_not_prevent_a_change(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    end_others = EndSessions(user_id=juliet, keep=laptop.session_id)
    change_interrupted_by(service, laptop, clock, lambda: service.bus.handle(end_others))
    assert log_in(service, password=NEW)


def test_a_session_that_ends_concurrently_changes_nothing(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    with pytest.raises(NotAuthenticated):
        change_interrupted_by(service, laptop, clock, lambda: service.bus.handle(LogOut(session_id=laptop.session_id)))
    assert log_in(service, password=PASSWORD)


def test_a_concurrent_login_with_the_old_password_opens_no_live_session(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    with service.store.unit_of_work() as uow:
        read_by_login = Users(uow).get(juliet)
    changed = change(service, laptop)
    from hexaccount.sessions.session import Session

    now = service.container.clock().now()
    late = Session.open(
        session_id=uuid4(), user=read_by_login, client_address="", user_agent="", at=now,
        lifetimes=service.container.lifetimes(),
    )  # fmt: skip
    with service.store.unit_of_work() as uow:
        Sessions(uow).add(late)
        uow.commit()
    assert listed(service, juliet) == [changed.session_id]
