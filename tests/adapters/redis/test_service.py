"""A service with a cache: what ends a session anywhere ends it everywhere, and who is known costs the store nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.permission import Permission
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.cache_invalidation import INVALIDATING_TYPES
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount_sql import SqlStore
from tests.application.people import PASSWORD, registration
from tests.servers.ports import free_port
from tests.servers.redis import client

Opener = Callable[..., Service]


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def open_one(tmp_path: Path, clock: AdjustableClock) -> Iterator[Opener]:
    """Return what opens a process's service on the one store of the test."""
    with ExitStack() as stack:

        def open_it(cache: str | None, *, limits: bool = False, **options: Any) -> Service:
            settings = Settings(
                store=f"sqlite:///{tmp_path}/hexaccount.db",
                cache=cache,
                jwt=JwtSettings(key="k" * 64),
                password=PasswordSettings(cost=4),
                limits=LimitSettings(enabled=limits),
                roles={"helper": [Permission.READ_SESSIONS]},
            )
            service = stack.enter_context(open_service(settings, clock=clock, **options))
            service.store.migrate()
            service.subscribe()
            return service

        yield open_it


@dataclass
class House:
    """Two processes, and Juliet who is logged in."""

    here: Service
    there: Service
    juliet: UUID

    def log_in(self) -> IssuedTokens:
        access: IssuedTokens = self.here.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
        for service in (self.here, self.there):
            assert ask(service, access)
        return access


@pytest.fixture
def house(open_one: Opener, redis_url: str) -> House:
    here, there = open_one(redis_url), open_one(redis_url)
    return House(here, there, here.bus.handle(registration("juliet")))


def ask(service: Service, access: IssuedTokens) -> Principal | None:
    try:
        principal: Principal = service.bus.handle(Authenticate(token=access.token))
    except NotAuthenticated:
        return None
    return principal


def statements_of(service: Service, deed: Callable[[], Any]) -> list[str]:
    assert isinstance(service.store, SqlStore)
    sent: list[str] = []
    note: Callable[..., None] = lambda *told: sent.append(told[2])  # noqa: E731 - a listener
    sa.event.listen(service.store._engine, "before_cursor_execute", note)
    try:
        deed()
    finally:
        sa.event.remove(service.store._engine, "before_cursor_execute", note)
    return sent


def test_a_session_that_redis_knows_costs_the_store_nothing(house: House) -> None:
    access = house.log_in()
    for service in (house.here, house.there):
        assert statements_of(service, lambda: [ask(service, access) for _ in range(20)]) == []  # noqa: B023


def test_without_a_cache_the_store_is_asked_at_every_request(open_one: Opener) -> None:
    service = open_one(None)
    service.bus.handle(registration("juliet"))
    access = service.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    ask(service, access)
    assert len(statements_of(service, lambda: [ask(service, access) for _ in range(20)])) == 20


ENDS: dict[str, Callable[[House, IssuedTokens], object]] = {
    "log out": lambda house, access: LogOut(session_id=access.session_id),
    "end session": lambda house, access: EndSession(user_id=house.juliet, session_id=access.session_id),
    "end sessions": lambda house, access: EndSessions(user_id=house.juliet),
    "end others": lambda house, access: EndSessions(user_id=house.juliet, keep=house.log_in().session_id),
    "disable": lambda house, access: DisableUser(user_id=house.juliet),
    "set password": lambda house, access: SetPassword.of_text(user_id=house.juliet, password="another long password"),
    "change password": lambda house, access: ChangePassword.of_text(
        session_id=house.log_in().session_id, current=PASSWORD, new="another long password"
    ),
}


@pytest.mark.parametrize("deed", ENDS)
def test_what_ends_a_session_ends_it_at_once_on_every_process(house: House, deed: str) -> None:
    access = house.log_in()
    house.here.bus.handle(ENDS[deed](house, access))
    for service in (house.there, house.here, house.there):
        assert ask(service, access) is None


def test_a_session_that_is_kept_lives_on(house: House) -> None:
    kept = house.log_in()
    house.here.bus.handle(EndSessions(user_id=house.juliet, keep=kept.session_id))
    assert ask(house.there, kept)


def test_a_stolen_refresh_token_ends_the_session_at_once(house: House, clock: AdjustableClock) -> None:
    access = house.log_in()
    renewed = house.here.bus.handle(RefreshSession(refresh=access.refresh))
    clock.advance(minutes=1)
    assert ask(house.there, renewed)
    with pytest.raises(InvalidRefreshToken):
        house.here.bus.handle(RefreshSession(refresh=access.refresh))
    assert ask(house.there, access) is ask(house.there, renewed) is None


def test_a_role_holds_and_ends_from_the_next_request_on(house: House) -> None:
    access, helper = house.log_in(), Role("helper")
    for message, permissions in (
        (GrantRole(user_id=house.juliet, role=helper), {Permission.READ_SESSIONS}),
        (RevokeRole(user_id=house.juliet, role=helper), set()),
        (GrantRole(user_id=house.juliet, role=Role.ADMIN), set(Permission)),
    ):
        house.here.bus.handle(message)
        principal = ask(house.there, access)
        assert principal
        assert principal.permissions == permissions
    assert principal.user.roles == ["user", "admin"]


def test_a_login_after_a_disable_and_enable_is_known_and_the_old_one_is_not(house: House) -> None:
    old = house.log_in()
    house.here.bus.handle(DisableUser(user_id=house.juliet))
    house.here.bus.handle(EnableUser(user_id=house.juliet))
    new = house.log_in()
    assert ask(house.there, old) is None
    assert ask(house.there, new)


def test_a_known_session_ends_with_its_time(house: House, clock: AdjustableClock) -> None:
    access = house.log_in()
    with house.here.store.unit_of_work() as uow:
        session = uow.sessions.find(access.session_id)
    assert session
    cache = house.there.container.session_cache()
    found = cache.find(house.juliet, access.session_id)
    assert found.idle_until == session.idle_until
    sessions = house.there.container.bus()._handlers[Authenticate].keywords["sessions"]
    assert sessions.find(house.juliet, access.session_id, session.idle_until) is None


def test_another_user_s_token_does_not_open_a_known_session(house: House) -> None:
    access = house.log_in()
    romeo = house.here.bus.handle(registration("romeo"))
    sessions = house.there.container.bus()._handlers[Authenticate].keywords["sessions"]
    assert sessions.find(romeo, access.session_id, house.there.container.clock().now()) is None
    assert ask(house.there, access)


def test_a_command_line_without_the_cache_ends_sessions_through_the_relay(house: House, open_one: Opener) -> None:
    access = house.log_in()
    elsewhere = open_one(None)
    elsewhere.bus.handle(DisableUser(user_id=house.juliet))
    assert ask(house.there, access), "this would not have needed the relay"
    house.here.deliver_all()
    assert ask(house.there, access) is None


def test_every_event_marks_but_those_that_take_nothing_away() -> None:
    assert {name.split(".")[2] for name in EVENT_TYPES if name not in INVALIDATING_TYPES} == {
        "registered", "opened", "refreshed", "created", "updated",
    }  # fmt: skip


def test_without_redis_nothing_fails_and_what_ends_is_dead(open_one: Opener) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    house = House(open_one(nowhere), open_one(nowhere), UUID(int=0))
    house.juliet = house.here.bus.handle(registration("juliet"))
    access = house.log_in()
    house.here.bus.handle(LogOut(session_id=access.session_id))
    assert ask(house.there, access) is None
    with pytest.raises(ReceiverUnavailable):
        house.here.deliver_all()


def guesses(services: list[Service], number: int) -> int:
    """Return how many of so many guesses, at the processes in turn, were let through."""
    passed = 0
    for guess in range(number):
        command = LogIn(user_name="juliet", password="wrong", client_address="192.0.2.7")
        with pytest.raises((WrongCredentials, TooManyAttempts)) as refusal:
            services[guess % len(services)].bus.handle(command)
        passed += refusal.type is WrongCredentials
    return passed


def test_guesses_are_counted_on_redis_for_all_processes_and_not_in_the_store(open_one: Opener, redis_url: str) -> None:
    services = [open_one(redis_url, limits=True, workers=1), open_one(redis_url, limits=True, workers=1)]
    assert guesses(services, 12) == 5
    assert "allowances" not in " ".join(statements_of(services[0], lambda: guesses(services[:1], 1)))
    with client(redis_url) as connection:
        keys = [key for key in connection.scan_iter() if "allowances" in key]
        assert len(keys) == 3
        assert not any(word in "".join(keys) for word in ("juliet", "192.0.2.7"))


def test_without_redis_each_of_n_workers_admits_its_share(open_one: Opener, clock: AdjustableClock) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    two = [open_one(nowhere, limits=True, workers=2) for _ in range(2)]
    assert guesses(two, 20) == 4  # 5 / 2 for each, rounded down
    clock.advance(seconds=23)
    assert guesses(two, 2) == 0
    clock.advance(seconds=1)
    assert guesses(two, 4) == 2  # one each in 24 s is one in 12 s
    (lonely,) = [open_one(nowhere, limits=True, workers=1)]
    assert guesses([lonely], 8) == 5
    many = open_one(nowhere, limits=True, workers=64)
    assert guesses([many], 8) == 1
    right = LogIn(user_name="juliet", password=PASSWORD, client_address="198.51.100.7")
    many.bus.handle(registration("juliet"))
    for _ in range(3):
        assert many.bus.handle(right).token  # what a right password takes is given back here, too
