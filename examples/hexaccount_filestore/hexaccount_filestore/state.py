"""What the records of a file tell, all of it, in memory."""

from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.signing_keys.ports import StoredKey

A = TypeVar("A", bound=Aggregate)


class Delivery(Struct, frozen=True, kw_only=True):
    """How the delivery of an event to a subscriber stands."""

    subscriber: str
    event_id: UUID
    attempts: int = 0
    due_at: datetime | None = None
    error: str = ""
    dead_letters: bool = False


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one record tells: everything that happens at once, or not at all."""

    entries: list[JournalEntry] = []
    hashes: dict[UUID, str] = {}
    tokens: list[RefreshToken] = []
    handled: list[tuple[str, UUID]] = []
    requests: list[IdempotencyRecord] = []
    keys: list[StoredKey] = []
    subscribed: dict[str, list[str]] = {}
    deliveries: list[Delivery] = []
    settled: list[tuple[str, UUID]] = []
    pending: dict[str, list[UUID]] = {}
    sessions_gone: list[UUID] = []
    tokens_gone: list[str] = []
    handled_gone: list[tuple[str, UUID]] = []
    requests_gone: list[str] = []
    keys_gone: list[str] = []


@dataclass(slots=True)
class Owed:
    """An event that is owed to a subscriber; a lease is not in the file, as whoever held it ends with the process."""

    entry: JournalEntry
    state: Delivery
    lease: UUID | None = None
    leased_until: datetime | None = None


@dataclass(slots=True)
class State:
    """Everything that is stored. What it holds is never changed, only replaced, so that readers may keep it."""

    users: dict[UUID, User] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    hashes: dict[UUID, str] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    sessions_gone: set[UUID] = field(default_factory=set)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    journals: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[UUID, JournalEntry] = field(default_factory=dict)
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    handled: set[tuple[str, UUID]] = field(default_factory=set)
    requests: dict[str, IdempotencyRecord] = field(default_factory=dict)
    keys: dict[str, StoredKey] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    # By subscriber and event, those of an aggregate by sequence.
    pending: defaultdict[str, dict[UUID, Owed]] = field(default_factory=lambda: defaultdict(dict))

    def apply(self, step: Step) -> None:
        """Do what a record tells; the aggregates that its entries tell of are put by `put` or `fold_all`."""
        for entry in step.entries:
            self.journals[entry.aggregate, entry.aggregate_id].append(entry)
            self.entries[entry.id] = entry
            self._owe(entry)
        self.hashes |= step.hashes
        self.tokens |= {token.digest: token for token in step.tokens}
        self.followed |= {token.predecessor for token in step.tokens if token.predecessor}
        self.handled |= set(step.handled)
        self.requests |= {request.key: request for request in step.requests}
        self.keys |= {key.kid: key for key in step.keys}
        self.subscriptions |= step.subscribed
        for subscriber, event_ids in step.pending.items():
            self._owe_again(subscriber, event_ids)
        for delivery in step.deliveries:
            pending = self.pending[delivery.subscriber][delivery.event_id]
            pending.state, pending.lease, pending.leased_until = delivery, None, None
        for subscriber, event_id in step.settled:
            self.pending[subscriber].pop(event_id, None)
        self._remove(step)

    def put(self, aggregates: Iterable[Aggregate]) -> None:
        """Keep aggregates as they are now."""
        for aggregate in aggregates:
            match stored := copy_of(aggregate):
                case User():
                    self.users[stored.id] = stored
                    self.names[stored.name.key] = self.emails[stored.email.key] = stored.id
                case Session():
                    self.sessions[stored.id] = stored
                case Profile():
                    self.profiles[stored.id] = stored

    def fold_all(self) -> None:
        """Make every aggregate anew from its journal."""
        kinds: dict[str, type[Aggregate]] = {kind.kind: kind for kind in (User, Session, Profile)}
        self.put(
            kinds[kind].fold(from_entry(entry) for entry in entries)
            for (kind, aggregate_id), entries in self.journals.items()
            if aggregate_id not in self.sessions_gone
        )

    def version_of(self, aggregate: Aggregate) -> int:
        """Return the stored version of an aggregate, 0 if it is not stored."""
        stored: Aggregate | None
        match aggregate:
            case User():
                stored = self.users.get(aggregate.id)
            case Session():
                stored = self.sessions.get(aggregate.id)
            case _:
                stored = self.profiles.get(aggregate.id)
        return stored.version if stored else 0

    def _owe(self, entry: JournalEntry) -> None:
        for subscriber, types in self.subscriptions.items():
            if entry.type in types or "*" in types:
                self.pending[subscriber][entry.id] = Owed(entry, Delivery(subscriber=subscriber, event_id=entry.id))

    def _owe_again(self, subscriber: str, event_ids: Iterable[UUID]) -> None:
        pending = self.pending[subscriber]
        for event_id in event_ids:
            pending[event_id] = Owed(self.entries[event_id], Delivery(subscriber=subscriber, event_id=event_id))
        self.pending[subscriber] = dict(sorted(pending.items(), key=lambda pair: pair[1].entry.sequence))

    def _remove(self, step: Step) -> None:
        for digest in step.tokens_gone:
            self.followed.discard(self.tokens.pop(digest).predecessor or "")
        for session_id in step.sessions_gone:
            self.sessions.pop(session_id, None)
        self.sessions_gone |= set(step.sessions_gone)
        self.handled -= set(step.handled_gone)
        for key in step.requests_gone:
            del self.requests[key]
        for kid in step.keys_gone:
            del self.keys[kid]


def copy_of(aggregate: A) -> A:
    """Return an aggregate that may be changed while this one stays as it is; nothing is pending in it."""
    return replace(aggregate, pending=[])


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return an entry whose data may be changed while that of this one stays as it is."""
    return replace(entry, data=deepcopy(entry.data))
