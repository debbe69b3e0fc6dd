import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from hexaccount.conformance.suites.histories import History, Look, check_order
from hexaccount.conformance.suites.on_a_bus import PASSWORD, BusParts, registration
from hexaccount.conformance.suites.races import Racers, race
from hexaccount.conformance.suites.storing import session_of
from hexaccount.conformance.suites.subject import StoreUnderTest
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.messages import Command
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.store_kit.store import Store


@dataclass(frozen=True, slots=True)
class Refresh:
    """Somebody presents this token; the answer is its successor, None for a refusal."""

    token: str


@dataclass(frozen=True, slots=True)
class End:
    """Somebody ends the session; there is no answer."""


@dataclass(frozen=True, slots=True)
class Show(Look):
    """Somebody shows the access token of the login; the answer is whether it opens the account."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A session as it should be: which token has which successor, and whether the session has ended."""

    successors: tuple[tuple[str, str], ...]
    newest: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class SessionModel:
    """Answers as a session does whose grace never ends."""

    first: str

    def begin(self) -> Chain:
        """Return the session right after the login."""
        return Chain((), self.first)

    def step(self, state: Chain, what: object, answer: object) -> Chain | None:
        """Return the session after this answer, None if it may not be given."""
        match what:
            case End():
                return replace(state, ended=True)
            case Show():
                return state if answer is not state.ended else None
            case Refresh(token) if (state.ended, answer) == (True, None):
                return state
            case Refresh(token) if not state.ended and (token, answer) in state.successors:
                return state
            case Refresh(token) if not state.ended and token == state.newest and answer is not None:
                return Chain((*state.successors, (token, str(answer))), newest=str(answer))
            case _:
                return None


class RefreshRacesContract(TwoBusesContract):
    """Whoever uses one token at once gets one successor, and what ends sessions ends those being refreshed."""

    def test_32_who_use_one_token_at_once_get_one_successor(
        self, under_test: StoreUnderTest, store: Store, buses: list[Bus]
    ) -> None:
        buses[0].handle(registration("contested"))
        access = buses[0].handle(login())
        with Racers(32) as racers:
            for number in range(under_test.rounds):
                works = [partial(bus.handle, RefreshSession(refresh=access.refresh)) for bus in buses * 16]
                answers = racers.race(works)
                assert len({answer.refresh for answer in answers}) == 1
                stored = session_of(store, access.session_id)
                assert stored
                assert stored.version == number + 2
                for bus, answer in zip(buses, answers, strict=False):
                    assert is_alive(bus, answer)
                access = answers[0]

    def test_every_history_of_one_session_has_an_order_that_explains_it(
        self, under_test: StoreUnderTest, buses: list[Bus]
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        chance = random.Random(7)
        with Racers(6) as racers:
            for _ in range(under_test.rounds * 2):
                access = buses[0].handle(login())
                history: History[object] = History()
                dice = chance.random()
                endings: list[Callable[[], object]] = [
                    partial(buses[0].handle, LogOut(session_id=access.session_id)),
                    partial(buses[1].handle, EndSessions(user_id=user_id)),
                ]
                ends = [endings[dice > 0.65] if dice > 0.3 else None, *[None] * 5]
                works = [partial(self.play, history, chance.choice(buses), access, end) for end in ends]
                racers.race(works)
                assert len(history.operations) >= 12
                check_order(history.operations, SessionModel(access.refresh))

    @staticmethod
    def play(history: History[object], bus: Bus, access: IssuedTokens, end: Callable[[], object] | None) -> None:
        """Use the newest token one knows, twice; and look, or end the session, between."""
        answer = history.note(Refresh(access.refresh), partial(refresh, bus, access.refresh))
        if end is not None:
            history.note(End(), end)
        else:
            history.note(Show(), partial(is_alive, bus, access))
        newest = str(answer or access.refresh)
        history.note(Refresh(newest), partial(refresh, bus, newest))

    @pytest.mark.parametrize("how", ["change", "set"])
    def test_a_new_password_that_races_refreshes_and_logins_leaves_no_other_session(
        self, buses: list[Bus], how: str
    ) -> None:
        user_id = buses[0].handle(registration("contested"))
        password = PASSWORD
        with Racers(6) as racers:
            for number in range(20):
                mine, other = buses[0].handle(login(password)), buses[1].handle(login(password))
                new = f"{PASSWORD} number {number}"
                change = (
                    ChangePassword.of_text(session_id=mine.session_id, current=password, new=new)
                    if how == "change"
                    else SetPassword.of_text(user_id=user_id, password=new)
                )
                works: list[Callable[[], IssuedTokens | None]] = [partial(change_it, buses[0], change)]
                works += [partial(refresh_all, bus, other) for bus in buses]
                works += [partial(log_in, bus, password) for bus in (*buses, buses[1])]
                seen = [access for access in racers.race(works) if access]
                for access in (other, *seen):
                    assert not is_alive(buses[0], access)
                    assert refresh(buses[1], access.refresh) is None
                kept = [mine.session_id] if how == "change" else []
                listed = buses[1].handle(ListSessions(user_id=user_id)).sessions
                assert [session.id for session in listed] == kept
                assert is_alive(buses[1], mine) is (how == "change")
                buses[0].handle(EndSessions(user_id=user_id))
                password = new

    def test_a_token_used_again_after_the_grace_ends_the_session_everywhere(
        self, store: Store, another: Store, parts: BusParts
    ) -> None:
        buses = [parts.bus_on(handle, grace=timedelta(0)) for handle in (store, another)]
        buses[0].handle(registration("contested"))
        for _ in range(5):
            access = buses[0].handle(login())
            newest = buses[0].handle(RefreshSession(refresh=access.refresh))
            assert is_alive(buses[1], newest)
            assert race(*(partial(refresh, bus, access.refresh) for bus in buses * 4)) == [None] * 8
            for bus in buses:
                assert not is_alive(bus, newest)
                assert refresh(bus, newest.refresh) is None
            with store.unit_of_work() as uow:
                types = [entry.type.split(".")[2] for entry in uow.journal.of("session", access.session_id)]
            assert types == ["opened", "refreshed", "reuse_detected", "closed"]


def login(password: str = PASSWORD) -> LogIn:
    """Return the command that logs in."""
    return LogIn(user_name="contested", password=password)


def log_in(bus: Bus, password: str) -> IssuedTokens | None:
    """Return access, if the account still lets us in."""
    try:
        return bus.handle(login(password))
    except WrongCredentials:
        return None


def refresh(bus: Bus, token: str) -> str | None:
    """Return the successor of a token, None for a refusal."""
    try:
        return bus.handle(RefreshSession(refresh=token)).refresh
    except InvalidRefreshToken:
        return None


def refresh_all(bus: Bus, access: IssuedTokens) -> IssuedTokens:
    """Refresh until it is refused, or five times, and return the last access there was."""
    for _ in range(5):
        try:
            access = bus.handle(RefreshSession(refresh=access.refresh))
        except InvalidRefreshToken:
            break
    return access


def change_it(bus: Bus, change: Command[Any]) -> None:
    """Change the password."""
    bus.handle(change)


def is_alive(bus: Bus, access: IssuedTokens) -> bool:
    """Tell whether an access token opens the account."""
    try:
        bus.handle(Authenticate(token=access.token))
    except NotAuthenticated:
        return False
    return True
