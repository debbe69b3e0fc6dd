"""A service with a cache: a session ends on every process at once, and a cached session costs the store nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.bootstrap.service import Service
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.cache_invalidation import invalidating_types
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.adapters.redis.services import ServiceOpener, statements_of
from tests.event_types import EVENT_TYPES
from tests.people import PASSWORD, registration
from tests.servers.ports import free_port


@dataclass
class Processes:
    """Two processes, and an account on their store."""

    here: Service
    there: Service
    juliet: UUID

    def log_in(self) -> IssuedTokens:
        access: IssuedTokens = self.here.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
        for service in (self.here, self.there):
            assert authenticated(service, access)
        return access


@pytest.fixture
def processes(open_one: ServiceOpener, redis_url: str) -> Processes:
    here, there = open_one(redis_url), open_one(redis_url)
    return Processes(here, there, here.bus.handle(registration("juliet")))


def authenticated(service: Service, access: IssuedTokens) -> Principal | None:
    try:
        principal: Principal = service.bus.handle(Authenticate(token=access.token))
    except NotAuthenticated:
        return None
    return principal


def test_a_cached_session_costs_the_store_nothing(processes: Processes) -> None:
    access = processes.log_in()
    for service in (processes.here, processes.there):
        assert statements_of(service, lambda: [authenticated(service, access) for _ in range(20)]) == []  # noqa: B023


def test_without_a_cache_every_request_reads_the_store(open_one: ServiceOpener) -> None:
    service = open_one(None)
    service.bus.handle(registration("juliet"))
    access = service.bus.handle(LogIn(user_name="juliet", password=PASSWORD))
    authenticated(service, access)
    assert len(statements_of(service, lambda: [authenticated(service, access) for _ in range(20)])) == 20


ENDS: dict[str, Callable[[Processes, IssuedTokens], object]] = {
    "log out": lambda processes, access: LogOut(session_id=access.session_id),
    "end session": lambda processes, access: EndSession(user_id=processes.juliet, session_id=access.session_id),
    "end sessions": lambda processes, access: EndSessions(user_id=processes.juliet),
    "end others": lambda processes, access: EndSessions(user_id=processes.juliet, keep=processes.log_in().session_id),
    "disable": lambda processes, access: DisableUser(user_id=processes.juliet),
    "set password": lambda processes, access: SetPassword.of_text(
        user_id=processes.juliet, password="another long password"
    ),
    "change password": lambda processes, access: ChangePassword.of_text(
        session_id=processes.log_in().session_id, current=PASSWORD, new="another long password"
    ),
}


@pytest.mark.parametrize("action", ENDS)
def test_every_ending_of_a_session_takes_effect_at_once_on_every_process(processes: Processes, action: str) -> None:
    access = processes.log_in()
    processes.here.bus.handle(ENDS[action](processes, access))
    for service in (processes.there, processes.here, processes.there):
        assert authenticated(service, access) is None


def test_a_session_that_is_kept_stays_live(processes: Processes) -> None:
    kept = processes.log_in()
    processes.here.bus.handle(EndSessions(user_id=processes.juliet, keep=kept.session_id))
    assert authenticated(processes.there, kept)


def test_a_stolen_refresh_token_ends_the_session_at_once(processes: Processes, clock: AdjustableClock) -> None:
    access = processes.log_in()
    renewed = processes.here.bus.handle(RefreshSession(refresh=access.refresh))
    clock.advance(minutes=1)
    assert authenticated(processes.there, renewed)
    with pytest.raises(InvalidRefreshToken):
        processes.here.bus.handle(RefreshSession(refresh=access.refresh))
    assert authenticated(processes.there, access) is authenticated(processes.there, renewed) is None


def test_a_change_of_roles_takes_effect_at_the_next_request(processes: Processes) -> None:
    access, helper = processes.log_in(), Role("helper")
    for message, permissions in (
        (GrantRole(user_id=processes.juliet, role=helper), {READ_SESSIONS}),
        (RevokeRole(user_id=processes.juliet, role=helper), set()),
        (GrantRole(user_id=processes.juliet, role=Role.ADMIN), all_permissions()),
    ):
        processes.here.bus.handle(message)
        principal = authenticated(processes.there, access)
        assert principal
        assert principal.permissions == permissions
    assert principal.user.roles == ["user", "admin"]


def test_after_disable_and_enable_only_a_new_session_is_live(processes: Processes) -> None:
    old = processes.log_in()
    processes.here.bus.handle(DisableUser(user_id=processes.juliet))
    processes.here.bus.handle(EnableUser(user_id=processes.juliet))
    new = processes.log_in()
    assert authenticated(processes.there, old) is None
    assert authenticated(processes.there, new)


def test_a_cached_session_expires(processes: Processes, clock: AdjustableClock) -> None:
    access = processes.log_in()
    with processes.here.store.unit_of_work() as uow:
        session = Sessions(uow).find(access.session_id)
    assert session
    cache = processes.there.container.session_cache()
    found = cache.find(processes.juliet, access.session_id)
    assert found.idle_until == session.idle_until
    sessions = processes.there.container.bus()._handlers[Authenticate][0].keywords["sessions"]
    assert sessions.find(processes.juliet, access.session_id, session.idle_until) is None


def test_a_cached_session_is_found_only_for_its_own_user(processes: Processes) -> None:
    access = processes.log_in()
    romeo = processes.here.bus.handle(registration("romeo"))
    sessions = processes.there.container.bus()._handlers[Authenticate][0].keywords["sessions"]
    assert sessions.find(romeo, access.session_id, processes.there.container.clock().now()) is None
    assert authenticated(processes.there, access)


def test_a_command_without_the_cache_ends_sessions_by_the_relay(processes: Processes, open_one: ServiceOpener) -> None:
    access = processes.log_in()
    elsewhere = open_one(None)
    elsewhere.bus.handle(DisableUser(user_id=processes.juliet))
    assert authenticated(processes.there, access), "this would not have needed the relay"
    processes.here.deliver_all()
    assert authenticated(processes.there, access) is None


def test_every_event_invalidates_except_those_that_end_nothing() -> None:
    assert {name.split(".")[2] for name in EVENT_TYPES if name not in invalidating_types()} == {
        "registered", "opened", "created", "updated", "requested",
    }  # fmt: skip


def test_without_redis_nothing_fails_and_endings_take_effect(open_one: ServiceOpener) -> None:
    unreachable = f"redis://127.0.0.1:{free_port()}"
    processes = Processes(open_one(unreachable), open_one(unreachable), UUID(int=0))
    processes.juliet = processes.here.bus.handle(registration("juliet"))
    access = processes.log_in()
    processes.here.bus.handle(LogOut(session_id=access.session_id))
    assert authenticated(processes.there, access) is None
    with pytest.raises(ReceiverUnavailable):
        processes.here.deliver_all()
