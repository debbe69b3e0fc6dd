"""The functions that the processes of a test run, each with its own handle."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier
from uuid import UUID

from hexaccount.accounts.disable_user import DisableUser, disable_user
from hexaccount.accounts.enable_user import EnableUser, enable_user
from hexaccount.accounts.errors import LastAdmin
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.deliveries import claim
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, outcome
from hexaccount.conformance.suites.uniqueness import register as register_one
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock, Uuid7Identifiers


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one process tried with an account, the outcome, and the seconds from when to when.

    They are of the monotonic clock, which all processes of a machine share.
    """

    user_id: UUID
    outcome: str
    began: float
    ended: float

    @classmethod
    def of(cls, user_id: UUID, operation: Callable[[], str]) -> "Attempt":
        """Call what returns the outcome."""
        began = time.monotonic()
        return cls(user_id, operation(), began, time.monotonic())

    def overlaps(self, other: "Attempt") -> bool:
        """Tell whether there was a moment at which both were in progress."""
        return self.began < other.ended and other.began < self.ended


@dataclass(frozen=True, slots=True)
class _Process:
    store: Store
    barrier: Barrier
    factory: Factory


_process: list[_Process] = []


def start(opener: Callable[[EventRecorder, RecordSchema], Store], barrier: Barrier) -> None:
    """Open the store in this process."""
    _process.append(
        _Process(
            opener(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"), record_schema()), barrier, Factory()
        )
    )


def register(process: int, rounds: int) -> list[Attempt]:
    """Register one name, one address or both in turn, each at the same moment as the other process."""
    (this,) = _process
    attempts = []
    for number in range(rounds):
        own = f"{number}of{process}"
        name = own if number % 3 == 1 else f"contested{number}"
        local_part = own if number % 3 == 0 else f"contested{number}"
        user = this.factory.user(name.upper() if process else name, f"{local_part}@example.org")
        this.barrier.wait(TIMEOUT_SECONDS)
        attempts.append(Attempt.of(user.id, partial(register_one, this.store, user)))
    return attempts


def disable_each_other(process: int, admins: Sequence[UUID], rounds: int) -> list[Attempt]:
    """Disable one of two admins at the moment when the other process disables the other; both are enabled again."""
    (this,) = _process
    clock, attempts = SystemClock(), []
    for _ in range(rounds):
        disabling = DisableUser(user_id=admins[process])
        this.barrier.wait(TIMEOUT_SECONDS)
        disable = partial(disable_user, disabling, unit_of_work=this.store.unit_of_work, clock=clock)
        attempts.append(Attempt.of(admins[process], partial(outcome, disable, LastAdmin)))
        this.barrier.wait(TIMEOUT_SECONDS)
        enable_user(EnableUser(user_id=admins[process]), unit_of_work=this.store.unit_of_work, clock=clock)
    return attempts


def deliver(process: int, subscriber: str) -> list[UUID]:
    """Claim and acknowledge until nothing is due, concurrently with the other process."""
    (this,) = _process
    this.barrier.wait(TIMEOUT_SECONDS)
    delivered = []
    idle = 0
    while idle < 50:
        claimed = claim(this.store, subscriber, limit=3 + process)
        idle = 0 if claimed else idle + 1
        delivered += [delivery.entry.id for delivery in claimed]
        this.store.outbox.acknowledge(claimed)
    return delivered


def handle(process: int, user_id: UUID, event_ids: Sequence[UUID]) -> list[str]:
    """Handle each event at the same moment as the other process; the effect is a session."""
    (this,) = _process
    outcomes = []
    for event_id in event_ids:
        this.barrier.wait(TIMEOUT_SECONDS)
        with this.store.unit_of_work() as uow:
            Sessions(uow).add(this.factory.session(Users(uow).get(user_id)))
            uow.inbox.add("handler", event_id)
            outcomes.append(outcome(uow.commit, AlreadyHandled))
    return outcomes


def update(process: int, user_id: UUID, rounds: int) -> list[str]:
    """Change a profile `rounds` times while the other process does, and return the texts."""
    (this,) = _process
    texts = [f"{number} of {process}" for number in range(rounds)]
    this.barrier.wait(TIMEOUT_SECONDS)
    for text in texts:
        _write(this, user_id, text)
    return texts


@repeat_when_stale
def _write(this: _Process, user_id: UUID, text: str) -> None:
    with this.store.unit_of_work() as uow:
        profile = Profiles(uow).find(user_id)
        if profile is None:
            raise LookupError("the profile is missing")
        profile.update({"bio": text}, this.factory.now())
        uow.commit()
