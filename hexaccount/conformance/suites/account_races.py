import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.conformance.suites.histories import History, Look, Operation, check_order
from hexaccount.conformance.suites.on_a_bus import PASSWORD, registration
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.messages import Command
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.store_kit.store import Store

THREADS = 6


@dataclass(frozen=True, slots=True)
class Enter:
    """Somebody logs in, with the right password or a wrong one; the answer is the session, None for a refusal."""

    rightly: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody logs out of a session, whether it has ended or not; there is no answer."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class Switch:
    """Somebody disables the account, or enables it, whatever it is; there is no answer."""

    disabled: bool


@dataclass(frozen=True, slots=True)
class EndAll:
    """Somebody ends all sessions; there is no answer."""


@dataclass(frozen=True, slots=True)
class LookAt(Look):
    """Somebody looks whether a session is live, which is the answer."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class ListAll(Look):
    """Somebody lists the sessions; the answer is all that are live."""


@dataclass(frozen=True, slots=True)
class Inspect(Look):
    """Somebody looks at the account; the answer is whether it is disabled, and its version."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it should be: its version, whether it is disabled, and the sessions that are live."""

    version: int = 1
    disabled: bool = False
    live: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountModel:
    """Answers as a doorkeeper does, who knows who is in."""

    def begin(self) -> Account:
        """Return the account right after its registration."""
        return Account()

    def step(self, state: Account, what: object, answer: object) -> Account | None:
        """Return the account after this answer, None if it may not be given."""
        due: object = None
        after = state
        match what:
            case LookAt(session_id):
                due = session_id in state.live
            case Inspect():
                due = (state.disabled, state.version)
            case Leave(session_id):
                after = replace(state, live=state.live - {session_id})
            case Switch(disabled) if disabled != state.disabled:
                after = Account(state.version + 1, disabled)
            case EndAll():
                after = Account(state.version + 1, state.disabled)
            case Enter(rightly=True) if not state.disabled and isinstance(answer, UUID) and answer not in state.live:
                due, after = answer, replace(state, live=state.live | {answer})
            case Enter(rightly=True) if not state.disabled:
                return None
        return after if answer == due else None


@dataclass(slots=True)
class Visitor:
    """One thread of those that use one account; what sessions there are they tell each other."""

    history: History[object]
    bus: Bus
    name: str
    user_id: UUID
    known: list[IssuedTokens]
    chance: random.Random

    def play(self) -> None:
        """Do three things, whatever comes to mind."""
        for _ in range(3):
            self.chance.choice(self.acts())()

    def acts(self) -> list[Callable[[], object]]:
        """Return what can be done, the likelier the more often."""
        return [
            *[partial(self.enter, PASSWORD)] * 5,
            partial(self.enter, "not the password"),
            *[self.leave] * 3,
            *[partial(self.send, Switch(disabled=True), DisableUser(user_id=self.user_id))] * 2,
            *[partial(self.send, Switch(disabled=False), EnableUser(user_id=self.user_id))] * 3,
            partial(self.send, EndAll(), EndSessions(user_id=self.user_id)),
            *[self.look] * 3,
            self.list,
            self.inspect,
        ]

    def enter(self, password: str) -> None:
        """Log in, or try."""
        self.history.note(Enter(password == PASSWORD), partial(self._enter, password))

    def leave(self) -> None:
        """Log out of a session that somebody has opened."""
        session_id = self.chance.choice(self.known).session_id
        self.send(Leave(session_id), LogOut(session_id=session_id))

    def send(self, what: object, command: Command[None]) -> None:
        """Have a command handled to which there is no answer."""
        self.history.note(what, partial(self.bus.handle, command))

    def look(self) -> None:
        """Look whether a session that somebody has opened is live."""
        access = self.chance.choice(self.known)
        self.history.note(LookAt(access.session_id), partial(is_alive, self.bus, access))

    def list(self) -> None:
        """List the sessions."""
        self.history.note(ListAll(), self._list)

    def inspect(self) -> None:
        """Look at the account, by its name."""
        self.history.note(Inspect(), self._inspect)

    def _enter(self, password: str) -> UUID | None:
        try:
            access = self.bus.handle(LogIn(user_name=self.name, password=password))
        except WrongCredentials:
            return None
        self.known.append(access)
        return access.session_id

    def _list(self) -> frozenset[UUID]:
        return frozenset(view.id for view in self.bus.handle(ListSessions(user_id=self.user_id)).sessions)

    def _inspect(self) -> tuple[bool, int]:
        view = self.bus.handle(GetUser(reference=self.name))
        return view.disabled, view.version


class AccountRacesContract(TwoBusesContract):
    """Logins, logouts and what locks an account are answered as if one had come after the other."""

    def test_every_history_of_one_account_has_an_order_that_explains_it(
        self, histories: int, store: Store, buses: list[Bus]
    ) -> None:
        chance = random.Random(17)
        with Racers(THREADS) as racers:
            for number in range(histories):
                name, known, history = f"contested{number}", list[IssuedTokens](), History[object]()
                user_id = buses[0].handle(registration(name))
                visitors = [
                    Visitor(history, bus, name, user_id, known, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                visitors[0].enter(PASSWORD)
                racers.race([visitor.play for visitor in visitors])
                for visitor in visitors[:2]:
                    visitor.inspect()
                    visitor.list()
                check_order(looks_of_each(history.operations), AccountModel())
                check_journals(store, history.operations)


def looks_of_each(operations: Sequence[Operation[object]]) -> list[Operation[object]]:
    """Return the operations with every list taken for as many looks as there are sessions.

    For each session a list tells what was so at some moment. That it was the same moment for all is promised by none:
    the account is read first, the sessions thereafter.
    """
    # Also what was listed though no login was ever answered with it.
    sessions = opened_in(operations).union(*(each.answer for each in operations if isinstance(each.answer, frozenset)))
    looks: list[Operation[object]] = []
    for operation in operations:
        match operation:
            case Operation(what=ListAll(), answer=frozenset() as listed):
                looks += [replace(operation, what=LookAt(each), answer=each in listed) for each in sessions]
            case _:
                looks.append(operation)
    return looks


def opened_in(operations: Sequence[Operation[object]]) -> set[UUID]:
    """Return the sessions that logins were answered with."""
    return {each.answer for each in operations if isinstance(each.what, Enter) and isinstance(each.answer, UUID)}


def check_journals(store: Store, operations: Sequence[Operation[object]]) -> None:
    """See that each session was opened once, and closed once if anybody logged out of it."""
    left = {each.what.session_id for each in operations if isinstance(each.what, Leave)}
    with store.unit_of_work() as uow:
        for session_id in opened_in(operations):
            types = [entry.type.split(".")[2] for entry in uow.journal.of("session", session_id)]
            assert types == (["opened", "closed"] if session_id in left else ["opened"])


def is_alive(bus: Bus, access: IssuedTokens) -> bool:
    """Tell whether an access token opens the account."""
    try:
        bus.handle(Authenticate(token=access.token))
    except NotAuthenticated:
        return False
    return True
