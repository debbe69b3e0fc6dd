import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.conformance.suites.linearizability import Operation, OperationHistory, ReadOnly, check_linearizable
from hexaccount.conformance.suites.message_buses import PASSWORD, registration
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.two_buses import TwoBusesContract, is_alive
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.store_kit.store import Store

THREADS = 6


@dataclass(frozen=True, slots=True)
class Login:
    """A login; the response is the id of the session, None for a refusal."""

    correct_password: bool


@dataclass(frozen=True, slots=True)
class Logout:
    """A logout of a session, ended or not; there is no response."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class SetDisabled:
    """The account is disabled or enabled, whatever its state; there is no response."""

    disabled: bool


@dataclass(frozen=True, slots=True)
class EndAllSessions:
    """All sessions are ended; there is no response."""


@dataclass(frozen=True, slots=True)
class CheckSession(ReadOnly):
    """The response is whether the session is live."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class ListLiveSessions(ReadOnly):
    """The response is the ids of all live sessions."""


@dataclass(frozen=True, slots=True)
class ReadAccount(ReadOnly):
    """The response is whether the account is disabled, and its version."""


@dataclass(frozen=True, slots=True)
class Account:
    """The state of the model; `live` holds the ids of the live sessions."""

    version: int = 1
    disabled: bool = False
    live: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountModel:
    """The sequential specification of one account and its sessions."""

    def initial_state(self) -> Account:
        return Account()

    def step(self, state: Account, request: object, response: object) -> Account | None:
        expected: object = None
        after = state
        match request:
            case CheckSession(session_id):
                expected = session_id in state.live
            case ReadAccount():
                expected = (state.disabled, state.version)
            case Logout(session_id):
                after = replace(state, live=state.live - {session_id})
            case SetDisabled(disabled) if disabled != state.disabled:
                after = Account(state.version + 1, disabled)
            case EndAllSessions():
                after = Account(state.version + 1, state.disabled)
            case Login(correct_password=True) if (
                not state.disabled and isinstance(response, UUID) and response not in state.live
            ):
                expected, after = response, replace(state, live=state.live | {response})
            case Login(correct_password=True) if not state.disabled:
                return None
        return after if response == expected else None


@dataclass(slots=True)
class Client:
    """One of the threads that use one account; they share `tokens`."""

    history: OperationHistory[object]
    bus: MessageBus
    name: str
    user_id: UUID
    tokens: list[IssuedTokens]
    chance: random.Random

    def play(self) -> None:
        """Do three random actions."""
        for _ in range(3):
            self.chance.choice(self.actions())()

    def actions(self) -> list[Callable[[], object]]:
        """Return the possible actions, each as often as its weight."""
        return [
            *[partial(self.log_in, PASSWORD)] * 5,
            partial(self.log_in, "another secret"),
            *[self.log_out] * 3,
            *[partial(self.send, SetDisabled(disabled=True), DisableUser(user_id=self.user_id))] * 2,
            *[partial(self.send, SetDisabled(disabled=False), EnableUser(user_id=self.user_id))] * 3,
            partial(self.send, EndAllSessions(), EndSessions(user_id=self.user_id)),
            *[self.check_session] * 3,
            self.list_sessions,
            self.read_account,
        ]

    def log_in(self, password: str) -> None:
        self.history.record(Login(password == PASSWORD), partial(self._log_in, password))

    def log_out(self) -> None:
        session_id = self.chance.choice(self.tokens).session_id
        self.send(Logout(session_id), LogOut(session_id=session_id))

    def send(self, request: object, command: Command[None]) -> None:
        self.history.record(request, partial(self.bus.handle, command))

    def check_session(self) -> None:
        access = self.chance.choice(self.tokens)
        self.history.record(CheckSession(access.session_id), partial(is_alive, self.bus, access.token))

    def list_sessions(self) -> None:
        self.history.record(ListLiveSessions(), self._list_sessions)

    def read_account(self) -> None:
        self.history.record(ReadAccount(), self._read_account)

    def _log_in(self, password: str) -> UUID | None:
        try:
            access = self.bus.handle(LogIn(user_name=self.name, password=password))
        except WrongCredentials:
            return None
        self.tokens.append(access)
        return access.session_id

    def _list_sessions(self) -> frozenset[UUID]:
        return frozenset(view.id for view in self.bus.handle(ListSessions(user_id=self.user_id)).sessions)

    def _read_account(self) -> tuple[bool, int]:
        view = self.bus.handle(GetUser(reference=self.name))
        return view.disabled, view.version


class AccountRacesContract(TwoBusesContract):
    """Concurrent logins, logouts and changes of one account are linearizable."""

    def test_concurrent_operations_on_one_account_are_linearizable(
        self, histories: int, store: Store, buses: list[MessageBus]
    ) -> None:
        chance = random.Random(17)
        with RacingThreads(THREADS) as threads:
            for number in range(histories):
                name, tokens, history = f"contested{number}", list[IssuedTokens](), OperationHistory[object]()
                user_id = buses[0].handle(registration(name))
                clients = [
                    Client(history, bus, name, user_id, tokens, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                clients[0].log_in(PASSWORD)
                threads.race([client.play for client in clients])
                for client in clients[:2]:
                    client.read_account()
                    client.list_sessions()
                check_linearizable(check_each_session(history.operations), AccountModel())
                check_journals(store, history.operations)


def check_each_session(operations: Sequence[Operation[object]]) -> list[Operation[object]]:
    """Return the operations with every list replaced by one check for each session.

    A list is linearizable for each session, not for all at one moment: its handler reads the account first and the
    sessions thereafter.
    """
    # Includes listed sessions that no login has returned, which the model rejects.
    sessions = opened_in(operations).union(
        *(each.response for each in operations if isinstance(each.response, frozenset))
    )
    checks: list[Operation[object]] = []
    for operation in operations:
        match operation:
            case Operation(request=ListLiveSessions(), response=frozenset() as listed):
                checks += [replace(operation, request=CheckSession(each), response=each in listed) for each in sessions]
            case _:
                checks.append(operation)
    return checks


def opened_in(operations: Sequence[Operation[object]]) -> set[UUID]:
    return {each.response for each in operations if isinstance(each.request, Login) and isinstance(each.response, UUID)}


def check_journals(store: Store, operations: Sequence[Operation[object]]) -> None:
    """Check that each session was opened once, and closed once if there was a logout."""
    logged_out = {each.request.session_id for each in operations if isinstance(each.request, Logout)}
    with store.unit_of_work() as uow:
        for session_id in opened_in(operations):
            types = [entry.type.split(".")[2] for entry in uow.journal.of("session", session_id)]
            assert types == (["opened", "closed"] if session_id in logged_out else ["opened"])
