import threading
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.signing_keys.ports import StoredKey

A = TypeVar("A", bound=Aggregate)


@dataclass(slots=True, kw_only=True)
class StoredDelivery:
    """The delivery of an event to a subscriber."""

    entry: JournalEntry
    due_at: datetime | None = None
    attempts: int = 0
    lease: UUID | None = None
    leased_until: datetime | None = None
    dead_letter: bool = False
    error: str = ""


@dataclass(slots=True)
class Tables:
    """The data of a memory store; every read and write holds `lock`.

    Aggregates are copied in and out, so that no caller changes a stored one. Their fields are immutable: a shallow copy
    is enough.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    users: dict[UUID, User] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    # The digests of tokens that have a successor.
    followed: set[str] = field(default_factory=set)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    journal: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    idempotency_records: dict[str, IdempotencyRecord] = field(default_factory=dict)
    signing_keys: dict[str, StoredKey] = field(default_factory=dict)
    subscriptions: dict[str, frozenset[str]] = field(default_factory=dict)
    # By subscriber and aggregate, ordered by sequence.
    deliveries: defaultdict[str, dict[tuple[str, UUID], list[StoredDelivery]]] = field(
        default_factory=lambda: defaultdict(dict)
    )


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return a copy whose data the caller may change."""
    return replace(entry, data=deepcopy(entry.data))


def copy_of(aggregate: A) -> A:
    """Return a copy without pending events."""
    return replace(aggregate, pending=[])
