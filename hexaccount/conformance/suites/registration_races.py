import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.conformance.suites.linearizability import OperationHistory, ReadOnly, check_linearizable
from hexaccount.conformance.suites.message_buses import PASSWORD
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.texts import EQUIVALENT_ADDRESSES, EQUIVALENT_NAMES
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import MessageBus
from hexaccount.registration.register_user import RegisterUser

THREADS = 8


@dataclass(frozen=True, slots=True)
class Register:
    """A registration in any spelling; the response is the account's id, or the name of the error."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Find(ReadOnly):
    """A look-up by name or address; the response is the account's id, None if there is none."""

    text: str


@dataclass(frozen=True, slots=True)
class RegistrationModel:
    """The sequential specification: a map from names and addresses to account ids."""

    def initial_state(self) -> frozenset[tuple[str, UUID]]:
        return frozenset()

    def step(
        self, state: frozenset[tuple[str, UUID]], request: object, response: object
    ) -> frozenset[tuple[str, UUID]] | None:
        holders = dict(state)
        match request:
            case Find(text):
                return state if response == holders.get(text) else None
            case Register(name, _) if name in holders:
                return state if response == UserNameTaken.__name__ else None
            case Register(_, address) if address in holders:
                return state if response == EmailTaken.__name__ else None
            case Register(name, address) if isinstance(response, UUID) and response not in holders.values():
                return state | {(name, response), (address, response)}
            case _:
                return None


@dataclass(slots=True)
class Client:
    """One of the threads that register contested names and addresses."""

    history: OperationHistory[object]
    bus: MessageBus
    names: Mapping[str, list[str]]
    addresses: Mapping[str, list[str]]
    chance: random.Random

    def play(self) -> None:
        self.register()
        self.find(self.chance.choice([*self.names, *self.addresses]))
        self.register()

    def register(self) -> None:
        """Register a random name and address, each in a random spelling."""
        name, address = (self.chance.choice(list(texts)) for texts in (self.names, self.addresses))
        command = RegisterUser.of_text(
            user_name=self.chance.choice(self.names[name]),
            email=self.chance.choice(self.addresses[address]),
            first_name="Ada",
            last_name="Lovelace",
            password=PASSWORD,
        )
        self.history.record(Register(name, address), partial(self._register, command))

    def find(self, text: str) -> None:
        """Look up an account by a random spelling of its name or address."""
        spelling = self.chance.choice({**self.names, **self.addresses}[text])
        self.history.record(Find(text), partial(self._find, spelling))

    def _register(self, command: RegisterUser) -> UUID | str:
        try:
            return self.bus.handle(command)
        except (UserNameTaken, EmailTaken) as refusal:
            return type(refusal).__name__

    def _find(self, spelling: str) -> UUID | None:
        try:
            return self.bus.handle(GetUser(reference=spelling)).id
        except UserNotFound:
            return None


class RegistrationRacesContract(TwoBusesContract):
    """Concurrent registrations in equivalent spellings are linearizable."""

    def test_concurrent_registrations_are_linearizable(self, histories: int, buses: list[MessageBus]) -> None:
        names, addresses = by_identity(EQUIVALENT_NAMES), by_identity(EQUIVALENT_ADDRESSES)
        chance = random.Random(11)
        with RacingThreads(THREADS) as threads:
            for number in range(histories):
                history: OperationHistory[object] = OperationHistory()
                # Of three names and two addresses, registrations collide in both, in one or in none.
                contested_names = {
                    name: [f"{spelling}{number}" for spelling in names[name]] for name in chance.sample([*names], 3)
                }
                contested_addresses = {
                    address: [f"{number}{spelling}" for spelling in addresses[address]]
                    for address in chance.sample([*addresses], 2)
                }
                clients = [
                    Client(history, bus, contested_names, contested_addresses, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                threads.race([client.play for client in clients])
                for client in clients[:2]:
                    for text in (*contested_names, *contested_addresses):
                        client.find(text)
                order = check_linearizable(history.operations, RegistrationModel())
                assert isinstance(order[0].response, UUID | None), "the first registration was refused"


def by_identity(pairs: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Return all spellings of each distinct text."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for first, second in pairs.values():
        spellings[first] = [*{first: None, **dict.fromkeys(spellings[first]), second: None}]
    return dict(spellings)
