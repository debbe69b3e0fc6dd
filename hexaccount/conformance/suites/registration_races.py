import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.conformance.suites.histories import History, Look, check_order
from hexaccount.conformance.suites.on_a_bus import PASSWORD
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.texts import ONE_ADDRESS, ONE_NAME
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import Bus
from hexaccount.registration.register_user import RegisterUser

THREADS = 8


@dataclass(frozen=True, slots=True)
class Register:
    """Somebody registers, in whatever spelling; the answer is the account's id, or the name of the refusal."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Find(Look):
    """Somebody looks for the account with this name or address; the answer is its id, None if there is none."""

    text: str


@dataclass(frozen=True, slots=True)
class RegistrationModel:
    """Answers as one who writes down whose each name and each address is."""

    def begin(self) -> frozenset[tuple[str, UUID]]:
        """Return an empty book."""
        return frozenset()

    def step(
        self, state: frozenset[tuple[str, UUID]], what: object, answer: object
    ) -> frozenset[tuple[str, UUID]] | None:
        """Return the book after this answer, None if it may not be given."""
        holders = dict(state)
        match what:
            case Find(text):
                return state if answer == holders.get(text) else None
            case Register(name, _) if name in holders:
                return state if answer == UserNameTaken.__name__ else None
            case Register(_, address) if address in holders:
                return state if answer == EmailTaken.__name__ else None
            case Register(name, address) if isinstance(answer, UUID) and answer not in holders.values():
                return state | {(name, answer), (address, answer)}
            case _:
                return None


@dataclass(slots=True)
class Applicant:
    """One thread that registers under what others want too, looks who has it, and tries again."""

    history: History[object]
    bus: Bus
    names: Mapping[str, list[str]]
    addresses: Mapping[str, list[str]]
    chance: random.Random

    def play(self) -> None:
        """Register, look and register."""
        self.register()
        self.look(self.chance.choice([*self.names, *self.addresses]))
        self.register()

    def register(self) -> None:
        """Register under some name and address, each in some spelling."""
        name, address = (self.chance.choice(list(texts)) for texts in (self.names, self.addresses))
        command = RegisterUser.of_text(
            user_name=self.chance.choice(self.names[name]),
            email=self.chance.choice(self.addresses[address]),
            first_name="Ada",
            last_name="Lovelace",
            password=PASSWORD,
        )
        self.history.note(Register(name, address), partial(self._register, command))

    def look(self, text: str) -> None:
        """Look who has a name or an address, which may be spelled in any way."""
        spelling = self.chance.choice({**self.names, **self.addresses}[text])
        self.history.note(Find(text), partial(self._find, spelling))

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
    """Whoever registers at once, and in whatever spelling, is answered as if one had come after the other."""

    def test_every_history_of_colliding_registrations_has_an_order_that_explains_it(
        self, histories: int, buses: list[Bus]
    ) -> None:
        names, addresses = by_meaning(ONE_NAME), by_meaning(ONE_ADDRESS)
        chance = random.Random(11)
        with Racers(THREADS) as racers:
            for number in range(histories):
                history: History[object] = History()
                # Three names and two addresses: some collide in one of them, some in both, some in neither.
                wanted_names = {
                    name: [f"{spelling}{number}" for spelling in names[name]] for name in chance.sample([*names], 3)
                }
                wanted_addresses = {
                    address: [f"{number}{spelling}" for spelling in addresses[address]]
                    for address in chance.sample([*addresses], 2)
                }
                applicants = [
                    Applicant(history, bus, wanted_names, wanted_addresses, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                racers.race([applicant.play for applicant in applicants])
                for applicant in applicants[:2]:
                    for text in (*wanted_names, *wanted_addresses):
                        applicant.look(text)
                order = check_order(history.operations, RegistrationModel())
                assert isinstance(order[0].answer, UUID | None), "who came first was refused"


def by_meaning(pairs: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Return all spellings of each text that there is."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for first, second in pairs.values():
        spellings[first] = [*{first: None, **dict.fromkeys(spellings[first]), second: None}]
    return dict(spellings)
