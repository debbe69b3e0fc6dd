import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from uuid import UUID

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UnexpectedVersion, UpdateProfile
from hexaccount.accounts.views import ProfileView
from hexaccount.conformance.suites.histories import History, Look, check_order
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.storing import save
from hexaccount.conformance.suites.two_buses import TwoBusesContract
from hexaccount.kernel.bus import Bus
from hexaccount.store_kit.store import Store

THREADS = 6


@dataclass(frozen=True, slots=True)
class Page:
    """A profile as it should be, which is also what is answered."""

    version: int = 0
    bio: str | None = None
    address: str | None = None

    @classmethod
    def of(cls, view: ProfileView) -> "Page":
        """Return what an answer tells of it."""
        return cls(view.version, view.bio, view.address)


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody writes into a field what nobody else ever writes; the answer is the page then, None for a refusal."""

    name: str
    text: str
    expected: int | None


@dataclass(frozen=True, slots=True)
class Read(Look):
    """Somebody reads the page, which is the answer."""


@dataclass(frozen=True, slots=True)
class ProfileModel:
    """Answers as a page of paper does on which each change is numbered, its beginning too."""

    def begin(self) -> Page:
        """Return the page of which there is nothing yet."""
        return Page()

    def step(self, state: Page, what: object, answer: object) -> Page | None:
        """Return the page after this answer, None if it may not be given."""
        match what:
            case Read():
                return state if answer == state else None
            case Change(expected=expected) if expected not in (None, state.version):
                return state if answer is None else None
            case Change(name, text):
                after = replace(state, version=(state.version or 1) + 1, **{name: text})
                return after if answer == after else None
            case _:
                return None


@dataclass(slots=True)
class Writer:
    """One thread that changes a profile others change too, now for the version it knows of, now for any."""

    history: History[object]
    bus: Bus
    user_id: UUID
    texts: Iterator[int]
    chance: random.Random
    known: int = 0

    def play(self) -> None:
        """Change, look or change and change."""
        self.change()
        if self.chance.random() < 0.5:
            self.read()
        self.change()
        self.change()

    def change(self) -> None:
        """Change one field."""
        expected = self.chance.choice([None, self.known])
        change = Change(self.chance.choice(["bio", "address"]), f"text {next(self.texts)}", expected)
        self.history.note(change, partial(self._change, change))

    def read(self) -> None:
        """Read the page."""
        self.history.note(Read(), self._read)

    def _change(self, change: Change) -> Page | None:
        expected = None if change.expected is None else [change.expected]
        command = UpdateProfile(user_id=self.user_id, changes={change.name: change.text}, expected=expected)
        try:
            return self._seen(self.bus.handle(command))
        except UnexpectedVersion:
            return None

    def _read(self) -> Page:
        return self._seen(self.bus.handle(GetProfile(user_id=self.user_id)))

    def _seen(self, view: ProfileView) -> Page:
        self.known = view.version
        return Page.of(view)


class ProfileRacesContract(TwoBusesContract):
    """Of changes that race for one profile none is lost, and none is done to a version that it was not made for."""

    def test_every_history_of_one_profile_has_an_order_that_explains_it(
        self, histories: int, store: Store, buses: list[Bus], people: People
    ) -> None:
        chance = random.Random(13)
        with Racers(THREADS) as racers:
            for _ in range(histories):
                user = people.user()
                save(store, user)
                history: History[object] = History()
                texts = count()
                writers = [
                    Writer(history, bus, user.id, texts, random.Random(chance.random()))
                    for bus in buses * (THREADS // 2)
                ]
                racers.race([writer.play for writer in writers])
                for writer in writers[:2]:
                    writer.read()
                order = check_order(history.operations, ProfileModel())
                done = [each.answer for each in order if isinstance(each.what, Change) and each.answer is not None]
                assert len(done) >= 1
