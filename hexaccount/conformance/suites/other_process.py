"""What the other processes of a test do. Only functions here are run there, on a handle of the process's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from uuid import UUID

from hexaccount.conformance.suites.owing import claim
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE, outcome
from hexaccount.conformance.suites.uniqueness import register as register_one
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers


@dataclass(frozen=True, slots=True)
class Registration:
    """Whom a process tried to register, and what the store said."""

    user_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class _Here:
    store: Store
    barrier: Barrier
    people: People


_here: list[_Here] = []


def begin(opener: Callable[[EventRecorder], Store], barrier: Barrier) -> None:
    """Open the store in this process."""
    _here.append(_Here(opener(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract")), barrier, People()))


def register(process: int, rounds: int) -> list[Registration]:
    """Register, at the same moment as the other process, one name, one address, or both, by turns."""
    (here,) = _here
    registrations = []
    for number in range(rounds):
        own = f"{number}of{process}"
        name = own if number % 3 == 1 else f"contested{number}"
        local_part = own if number % 3 == 0 else f"contested{number}"
        user = here.people.user(name.upper() if process else name, f"{local_part}@example.org")
        here.barrier.wait(PATIENCE)
        registrations.append(Registration(user.id, register_one(here.store, user)))
    return registrations


def deliver(process: int, subscriber: str) -> list[UUID]:
    """Claim and settle until nothing is due any more, as fast as the other process."""
    (here,) = _here
    here.barrier.wait(PATIENCE)
    delivered = []
    idle = 0
    while idle < 50:
        claimed = claim(here.store, subscriber, limit=3 + process)
        idle = 0 if claimed else idle + 1
        delivered += [delivery.entry.id for delivery in claimed]
        here.store.outbox.acknowledge(claimed)
    return delivered


def handle(process: int, user_id: UUID, event_ids: Sequence[UUID]) -> list[str]:
    """Handle each event at the same moment as the other process; the effect is a session."""
    (here,) = _here
    outcomes = []
    for event_id in event_ids:
        here.barrier.wait(PATIENCE)
        with here.store.unit_of_work() as uow:
            uow.sessions.add(here.people.session(uow.users.get(user_id)))
            uow.inbox.add("handler", event_id)
            outcomes.append(outcome(uow.commit, AlreadyHandled))
    return outcomes


def update(process: int, user_id: UUID, rounds: int) -> list[str]:
    """Change a profile again and again while the other process does, and return what was written."""
    (here,) = _here
    texts = [f"{number} of {process}" for number in range(rounds)]
    here.barrier.wait(PATIENCE)
    for text in texts:
        _write(here, user_id, text)
    return texts


@repeat_when_stale
def _write(here: _Here, user_id: UUID, text: str) -> None:
    with here.store.unit_of_work() as uow:
        profile = uow.profiles.find(user_id)
        if profile is None:
            raise LookupError("there is no profile")
        profile.update({"bio": text}, here.people.now())
        uow.commit()
