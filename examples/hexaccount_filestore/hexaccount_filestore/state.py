"""The state that the records of a file describe, in memory."""

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


class DeliveryState(Struct, frozen=True, kw_only=True):
    """The state of an event's delivery to a subscriber."""

    subscriber: str
    event_id: UUID
    attempts: int = 0
    due_at: datetime | None = None
    error: str = ""
    dead_letter: bool = False


class Transaction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of one record: changes that happen together or not at all."""

    entries: list[JournalEntry] = []
    hashes: dict[UUID, str] = {}
    tokens: list[RefreshToken] = []
    inbox: list[tuple[str, UUID]] = []
    requests: list[IdempotencyRecord] = []
    keys: list[StoredKey] = []
    subscriptions: dict[str, list[str]] = {}
    deliveries: list[DeliveryState] = []
    acknowledged: list[tuple[str, UUID]] = []
    enqueued: dict[str, list[UUID]] = {}
    removed_sessions: list[UUID] = []
    removed_tokens: list[str] = []
    removed_inbox: list[tuple[str, UUID]] = []
    removed_requests: list[str] = []
    removed_keys: list[str] = []


@dataclass(slots=True)
class StoredDelivery:
    """A delivery and its lease; leases are not in the file, as their owners end with the process."""

    entry: JournalEntry
    state: DeliveryState
    lease: UUID | None = None
    leased_until: datetime | None = None


@dataclass(slots=True)
class State:
    """All stored data. Its values are replaced and never changed, so that readers may keep them."""

    users: dict[UUID, User] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    hashes: dict[UUID, str] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    removed_sessions: set[UUID] = field(default_factory=set)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    journals: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[UUID, JournalEntry] = field(default_factory=dict)
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    requests: dict[str, IdempotencyRecord] = field(default_factory=dict)
    keys: dict[str, StoredKey] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    # By subscriber and event; the deliveries of an aggregate are ordered by sequence.
    deliveries: defaultdict[str, dict[UUID, StoredDelivery]] = field(default_factory=lambda: defaultdict(dict))

    def apply(self, transaction: Transaction) -> None:
        """Apply a transaction, except to aggregates: the caller passes these to `put`, or calls `fold_all`."""
        for entry in transaction.entries:
            self.journals[entry.aggregate, entry.aggregate_id].append(entry)
            self.entries[entry.id] = entry
            self._enqueue(entry)
        self.hashes |= transaction.hashes
        self.tokens |= {token.digest: token for token in transaction.tokens}
        self.followed |= {token.predecessor for token in transaction.tokens if token.predecessor}
        self.inbox |= set(transaction.inbox)
        self.requests |= {request.key: request for request in transaction.requests}
        self.keys |= {key.kid: key for key in transaction.keys}
        self.subscriptions |= transaction.subscriptions
        for subscriber, event_ids in transaction.enqueued.items():
            self._enqueue_again(subscriber, event_ids)
        for delivery in transaction.deliveries:
            stored = self.deliveries[delivery.subscriber][delivery.event_id]
            stored.state, stored.lease, stored.leased_until = delivery, None, None
        for subscriber, event_id in transaction.acknowledged:
            self.deliveries[subscriber].pop(event_id, None)
        self._remove(transaction)

    def put(self, aggregates: Iterable[Aggregate]) -> None:
        """Store copies of aggregates."""
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
        """Rebuild every aggregate from its journal."""
        kinds: dict[str, type[Aggregate]] = {kind.kind: kind for kind in (User, Session, Profile)}
        self.put(
            kinds[kind].fold(from_entry(entry) for entry in entries)
            for (kind, aggregate_id), entries in self.journals.items()
            if aggregate_id not in self.removed_sessions
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

    def _enqueue(self, entry: JournalEntry) -> None:
        for subscriber, types in self.subscriptions.items():
            if entry.type in types or "*" in types:
                self.deliveries[subscriber][entry.id] = StoredDelivery(
                    entry, DeliveryState(subscriber=subscriber, event_id=entry.id)
                )

    def _enqueue_again(self, subscriber: str, event_ids: Iterable[UUID]) -> None:
        stored = self.deliveries[subscriber]
        for event_id in event_ids:
            stored[event_id] = StoredDelivery(
                self.entries[event_id], DeliveryState(subscriber=subscriber, event_id=event_id)
            )
        self.deliveries[subscriber] = dict(sorted(stored.items(), key=lambda pair: pair[1].entry.sequence))

    def _remove(self, transaction: Transaction) -> None:
        for digest in transaction.removed_tokens:
            self.followed.discard(self.tokens.pop(digest).predecessor or "")
        for session_id in transaction.removed_sessions:
            self.sessions.pop(session_id, None)
        self.removed_sessions |= set(transaction.removed_sessions)
        self.inbox -= set(transaction.removed_inbox)
        for key in transaction.removed_requests:
            del self.requests[key]
        for kid in transaction.removed_keys:
            del self.keys[kid]


def copy_of(aggregate: A) -> A:
    """Return a copy without pending events."""
    return replace(aggregate, pending=[])


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return a copy whose data the caller may change."""
    return replace(entry, data=deepcopy(entry.data))
