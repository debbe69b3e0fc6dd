"""Events to and from the plain data that a journal keeps."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_type_hints
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.clock import format_time
from hexaccount.kernel.event import EVENT_TYPES, Event


def to_data(event: Event) -> dict[str, Any]:
    """Return an event's fields as JSON values; `at` is the `time` of the entry."""
    return {name: _plain(getattr(event, name)) for name in hints_of(type(event)) if name != "at"}


def from_entry(entry: JournalEntry) -> Event:
    """Return the event of an entry; raises UnknownEvent for a type that this version does not know."""
    event_class = EVENT_TYPES.get(entry.type)
    if event_class is None:
        raise UnknownEvent(entry.type)
    hints = hints_of(event_class)
    data = {name: _rich(hints[name], value) for name, value in entry.data.items() if name in hints}
    erased = {name: _empty(hints[name]) for name in event_class.personal if name not in data}
    return event_class(at=entry.time, **data, **erased)


class UnknownEvent(Exception):
    """A journal holds an event of an unknown type, which a later version wrote, or a package that is not installed."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"events of type {event_type} are unknown here; upgrade hexaccount, or install the package that declares it"
        )


def hints_of(event_class: type[Event]) -> Mapping[str, Any]:
    """Return the types of an event's fields by their names."""
    hints = _HINTS.get(event_class)
    if hints is None:
        resolved = get_type_hints(event_class)
        hints = _HINTS[event_class] = {field.name: resolved[field.name] for field in fields(event_class)}
    return hints


# Not by functools.cache, whose arguments mypy wants to be hashable: it takes these dataclass types for unhashable.
_HINTS: dict[type[Event], dict[str, Any]] = {}


def _empty(hint: Any) -> Any:
    """Return what stands for a field of an erased account."""
    if NoneType in get_args(hint):
        return None
    return "" if hint is str else {}


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return format_time(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _rich(hint: Any, value: Any) -> Any:
    if hint is UUID:
        return UUID(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    return value
