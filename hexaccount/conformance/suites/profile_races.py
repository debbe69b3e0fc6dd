import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from uuid import UUID

from hexaccount.accounts.errors import UnexpectedVersion
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.views import ProfileView
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.linearizability import OperationHistory, ReadOnly, check_linearizable
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.transactions import save
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import MessageBus
from hexaccount.store_kit.store import Store

THREADS = 6


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The state of the model, and the response to every operation."""

    version: int = 0
    bio: str | None = None
    address: str | None = None

    @classmethod
    def of(cls, view: ProfileView) -> "ProfileState":
        return cls(view.version, view.bio, view.address)


@dataclass(frozen=True, slots=True)
class Change:
    """A field is set to a unique text; the response is the new state, None for a refusal."""

    name: str
    text: str
    expected: int | None


@dataclass(frozen=True, slots=True)
class Read(ReadOnly):
    """The response is the state."""


@dataclass(frozen=True, slots=True)
class ProfileModel:
    """The sequential specification of one profile; the first change also creates it, as version 1."""

    def initial_state(self) -> ProfileState:
        return ProfileState()

    def step(self, state: ProfileState, request: object, response: object) -> ProfileState | None:
        match request:
            case Read():
                return state if response == state else None
            case Change(expected=expected) if expected not in (None, state.version):
                return state if response is None else None
            case Change(name, text):
                after = replace(state, version=(state.version or 1) + 1, **{name: text})
                return after if response == after else None
            case _:
                return None


@dataclass(slots=True)
class Writer:
    """One of the threads that change one profile; half of its changes expect the version that it read last."""

    history: OperationHistory[object]
    bus: MessageBus
    user_id: UUID
    texts: Iterator[int]
    chance: random.Random
    last_version: int = 0

    def play(self) -> None:
        self.change()
        if self.chance.random() < 0.5:
            self.read()
        self.change()
        self.change()

    def change(self) -> None:
        expected = self.chance.choice([None, self.last_version])
        change = Change(self.chance.choice(["bio", "address"]), f"text {next(self.texts)}", expected)
        self.history.record(change, partial(self._change, change))

    def read(self) -> None:
        self.history.record(Read(), self._read)

    def _change(self, change: Change) -> ProfileState | None:
        expected = None if change.expected is None else [change.expected]
        command = UpdateProfile(user_id=self.user_id, changes={change.name: change.text}, expected=expected)
        try:
            return self._seen(self.bus.handle(command))
        except UnexpectedVersion:
            return None

    def _read(self) -> ProfileState:
        return self._seen(self.bus.handle(GetProfile(user_id=self.user_id)))

    def _seen(self, view: ProfileView) -> ProfileState:
        self.last_version = view.version
        return ProfileState.of(view)


class ProfileRacesContract(TwoBusesContract):
    """Concurrent changes of one profile are linearizable; none is lost or applied to an unexpected version."""

    def test_concurrent_operations_on_one_profile_are_linearizable(
        self, histories: int, store: Store, buses: list[MessageBus], factory: Factory
    ) -> None:
        chance = random.Random(13)
        with RacingThreads(THREADS) as threads:
            for _ in range(histories):
                user = factory.user()
                save(store, user)
                history: OperationHistory[object] = OperationHistory()
                texts = count()
                writers = [
                    Writer(history, bus, user.id, texts, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                threads.race([writer.play for writer in writers])
                for writer in writers[:2]:
                    writer.read()
                order = check_linearizable(history.operations, ProfileModel())
                changes = [
                    each.response for each in order if isinstance(each.request, Change) and each.response is not None
                ]
                assert len(changes) >= 1
