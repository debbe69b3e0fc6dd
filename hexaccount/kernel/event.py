from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

from hexaccount.kernel.periods import Period

_types: dict[str, type["Event"]] = {}
EVENT_TYPES: Mapping[str, type["Event"]] = MappingProxyType(_types)
"""Every event class that has been imported, by its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about the account `user_id`, true since `at`.

    An event holds values that JSON can carry or that have one obvious spelling there (UUID, time). No password, hash
    or token is ever in one. A type that ends in `.v1` never changes its meaning; a change is a new type.

    type: begins with the name of the package that declares it.
    changes_access: False where the account, its sessions and what it may do stay as they were.
    personal: the fields that say something about a person. A journal stores them encrypted, under a key of the account;
        they are empty once the account is erased.
    begins_account: whether this is the first event of an account, with which its key is made.
    kept: how long an event is kept, besides for as long as the record of its aggregate is stored; None is for ever.
    """

    type: ClassVar[str]
    changes_access: ClassVar[bool] = True
    personal: ClassVar[frozenset[str]] = frozenset()
    begins_account: ClassVar[bool] = False
    kept: ClassVar[Period | None] = None

    user_id: UUID
    at: datetime

    def __init_subclass__(cls) -> None:
        """Register the event under its type; raises TypeError where another class has that type."""
        # A dataclass with slots is made twice; the second one, of the same name, is the one that is used.
        event_type: str | None = cls.__dict__.get("type")
        if event_type is None:
            return
        known = _types.get(event_type, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{known.__qualname__} and {cls.__qualname__} are both of type {event_type}")
        _types[event_type] = cls
