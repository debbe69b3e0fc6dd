import threading
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.ports.signing_keys import StoredKey
from hexaccount.domain.aggregate import Aggregate
from hexaccount.domain.profile import Profile
from hexaccount.domain.refresh_token import RefreshToken
from hexaccount.domain.session import Session
from hexaccount.domain.user import User

A = TypeVar("A", bound=Aggregate)


@dataclass(slots=True, kw_only=True)
class OwedDelivery:
    """An event that is owed to a subscriber, as the outbox keeps it."""

    entry: JournalEntry
    due_at: datetime | None = None
    attempts: int = 0
    lease: UUID | None = None
    leased_until: datetime | None = None
    set_aside: bool = False
    error: str = ""


@dataclass(slots=True)
class Tables:
    """What a memory store keeps, and the lock under which all of it is read and written.

    Aggregates go in and out as copies, so that nobody changes a stored one from outside; what they hold is
    immutable, a copy of the outermost object is enough.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    users: dict[UUID, User] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    # The digests of the tokens that have a successor.
    followed: set[str] = field(default_factory=set)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    journal: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    keyed_requests: dict[str, KeyedRequest] = field(default_factory=dict)
    signing_keys: dict[str, StoredKey] = field(default_factory=dict)
    subscriptions: dict[str, frozenset[str]] = field(default_factory=dict)
    # By subscriber and aggregate, in order of sequence.
    owed: defaultdict[str, dict[tuple[str, UUID], list[OwedDelivery]]] = field(
        default_factory=lambda: defaultdict(dict)
    )


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return an entry whose data its reader may change without changing the journal."""
    return replace(entry, data=deepcopy(entry.data))


def copy_of(aggregate: A) -> A:
    """Return the aggregate as it is stored: with nothing pending."""
    return replace(aggregate, pending=[])
