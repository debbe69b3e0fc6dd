import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from hexaccount.conformance.suites.contract_suite import StoreUnderTest
from hexaccount.conformance.suites.linearizability import OperationHistory, ReadOnly, check_linearizable
from hexaccount.conformance.suites.message_buses import PASSWORD, BusFactory, registration
from hexaccount.conformance.suites.races import RacingThreads, race
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.refresh_token import digest_of
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token is used; the response is its successor, None for a refusal."""

    token: str


@dataclass(frozen=True, slots=True)
class End:
    """The session is ended; there is no response."""


@dataclass(frozen=True, slots=True)
class Authentication(ReadOnly):
    """The response is whether the access token of the login is accepted."""


@dataclass(frozen=True, slots=True)
class TokenChain:
    """The state of the model: the tokens with their successors, and whether the session has ended."""

    successors: tuple[tuple[str, str], ...]
    newest: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class SessionModel:
    """The sequential specification of a session whose grace period never ends."""

    first: str

    def initial_state(self) -> TokenChain:
        return TokenChain((), self.first)

    def step(self, state: TokenChain, request: object, response: object) -> TokenChain | None:
        match request:
            case End():
                return replace(state, ended=True)
            case Authentication():
                return state if response is not state.ended else None
            case Refresh(token) if (state.ended, response) == (True, None):
                return state
            case Refresh(token) if not state.ended and (token, response) in state.successors:
                return state
            case Refresh(token) if not state.ended and token == state.newest and response is not None:
                return TokenChain((*state.successors, (token, str(response))), newest=str(response))
            case _:
                return None


class RefreshRacesContract(TwoBusesContract):
    """A refresh token has one successor; ending sessions also ends those being refreshed."""

    def test_32_concurrent_refreshes_of_one_token_return_one_successor(
        self, under_test: StoreUnderTest, store: Store, buses: list[MessageBus]
    ) -> None:
        buses[0].handle(registration("contested"))
        access = buses[0].handle(login())
        with RacingThreads(32) as threads:
            for _ in range(under_test.rounds):
                calls = [partial(bus.handle, RefreshSession(refresh=access.refresh)) for bus in buses * 16]
                responses = threads.race(calls)
                assert len({response.refresh for response in responses}) == 1
                with store.unit_of_work() as uow:
                    spent = Sessions(uow).find_by_token(digest_of(access.refresh))
                    assert Sessions(uow).find_by_token(digest_of(responses[0].refresh))
                assert spent
                assert spent[0].successor_of(access.refresh) == responses[0].refresh
                for bus, response in zip(buses, responses, strict=False):
                    assert is_alive(bus, response.token)
                access = responses[0]

    def test_concurrent_operations_on_one_session_are_linearizable(
        self, under_test: StoreUnderTest, buses: list[MessageBus]
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        chance = random.Random(7)
        with RacingThreads(6) as threads:
            for _ in range(under_test.rounds * 2):
                access = buses[0].handle(login())
                history: OperationHistory[object] = OperationHistory()
                draw = chance.random()
                endings: list[Callable[[], object]] = [
                    partial(buses[0].handle, LogOut(session_id=access.session_id)),
                    partial(buses[1].handle, EndSessions(user_id=user_id)),
                ]
                ends = [endings[draw > 0.65] if draw > 0.3 else None, *[None] * 5]
                calls = [partial(self.play, history, chance.choice(buses), access, end) for end in ends]
                threads.race(calls)
                assert len(history.operations) >= 12
                check_linearizable(history.operations, SessionModel(access.refresh))

    @staticmethod
    def play(
        history: OperationHistory[object], bus: MessageBus, access: IssuedTokens, end: Callable[[], object] | None
    ) -> None:
        """Refresh twice; between the two, end the session or check the access token."""
        response = history.record(Refresh(access.refresh), partial(refresh, bus, access.refresh))
        if end is not None:
            history.record(End(), end)
        else:
            history.record(Authentication(), partial(is_alive, bus, access.token))
        newest = str(response or access.refresh)
        history.record(Refresh(newest), partial(refresh, bus, newest))

    @pytest.mark.parametrize("how", ["change", "set"])
    def test_a_new_password_that_races_refreshes_and_logins_leaves_no_other_session(
        self, buses: list[MessageBus], under_test: StoreUnderTest, how: str
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        password = PASSWORD
        with RacingThreads(6) as threads:
            for number in range(under_test.rounds):
                mine, other = buses[0].handle(login(password)), buses[1].handle(login(password))
                new = f"{PASSWORD} number {number}"
                change = (
                    ChangePassword.of_text(session_id=mine.session_id, current=password, new=new)
                    if how == "change"
                    else SetPassword.of_text(user_id=user_id, password=new)
                )
                calls: list[Callable[[], IssuedTokens | None]] = [partial(run, buses[0], change)]
                calls += [partial(refresh_all, bus, other) for bus in buses]
                calls += [partial(log_in, bus, password) for bus in (*buses, buses[1])]
                changed, *others = threads.race(calls)
                for access in filter(None, (mine, other, *others)):
                    assert not is_alive(buses[0], access.token)
                    assert refresh(buses[1], access.refresh) is None
                listed = buses[1].handle(ListSessions(user_id=user_id)).sessions
                assert [session.id for session in listed] == ([changed.session_id] if changed else [])
                assert changed is None or is_alive(buses[1], changed.token)
                assert (changed is None) is (how == "set")
                buses[0].handle(EndSessions(user_id=user_id))
                password = new

    def test_a_token_used_again_after_the_grace_ends_the_session_everywhere(
        self, store: Store, other_store: Store, bus_factory: BusFactory
    ) -> None:
        buses = [bus_factory.create_bus(handle, grace=timedelta(0)) for handle in (store, other_store)]
        buses[0].handle(registration("contested"))
        for _ in range(5):
            access = buses[0].handle(login())
            newest = buses[0].handle(RefreshSession(refresh=access.refresh))
            assert is_alive(buses[1], newest.token)
            assert race(*(partial(refresh, bus, access.refresh) for bus in buses * 4)) == [None] * 8
            for bus in buses:
                assert not is_alive(bus, newest.token)
                assert refresh(bus, newest.refresh) is None
            with store.unit_of_work() as uow:
                types = [entry.type.split(".")[2] for entry in uow.journal.of("session", access.session_id)]
            assert types == ["opened", "reuse_detected", "closed"]


def login(password: str = PASSWORD) -> LogIn:
    return LogIn(user_name="contested", password=password)


def log_in(bus: MessageBus, password: str) -> IssuedTokens | None:
    """Return None if the credentials are refused."""
    try:
        return bus.handle(login(password))
    except WrongCredentials:
        return None


def refresh(bus: MessageBus, token: str) -> str | None:
    """Return the successor of a token, None for a refusal."""
    try:
        return bus.handle(RefreshSession(refresh=token)).refresh
    except InvalidRefreshToken:
        return None


def refresh_all(bus: MessageBus, access: IssuedTokens) -> IssuedTokens:
    """Refresh five times or until a refusal, and return the last tokens."""
    for _ in range(5):
        try:
            access = bus.handle(RefreshSession(refresh=access.refresh))
        except InvalidRefreshToken:
            break
    return access


def run(bus: MessageBus, change: Command[Any]) -> IssuedTokens | None:
    changed: IssuedTokens | None = bus.handle(change)
    return changed
