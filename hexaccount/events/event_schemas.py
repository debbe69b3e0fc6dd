"""The JSON Schema (draft 2020-12) of the data of each event type, derived from its class."""

from collections.abc import Mapping
from dataclasses import MISSING, Field
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.events.event_codec import hints_of
from hexaccount.kernel.event import Event

_FORMS: dict[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    Mapping[str, str]: {"type": "object", "additionalProperties": {"type": "string"}},
    Mapping[str, str | None]: {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
}
_PERSONAL = {"description": "personal: it is missing once the account is erased"}


def schema_id(event_type: str) -> str:
    """Return the URI of the schema of a type: the attribute `dataschema` of its events."""
    return f"urn:hexaccount:schema:{event_type}"


def data_schema(event_class: type[Event]) -> dict[str, Any]:
    """Return the schema of an event's data; consumers ignore properties that it does not name.

    Raises TypeError for a field of a type that has no form in JSON.
    """
    types = {name: hint for name, hint in hints_of(event_class).items() if name != "at"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(event_class.type),
        "title": event_class.type,
        "description": description_of(event_class),
        "type": "object",
        "properties": {name: _form_of(event_class, name, hint) for name, hint in types.items()},
        # A field with a default was added later; events of earlier times do not have it.
        "required": [
            field.name
            for field in dataclass_fields(event_class)
            if field.name in types and _is_old(field) and field.name not in event_class.personal
        ],
    }


def _is_old(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _form_of(event_class: type[Event], name: str, hint: Any) -> dict[str, Any]:
    if hint not in _FORMS:
        raise TypeError(f"the field {name} of {event_class.type} is of type {hint}, which no event may have")
    return {**_FORMS[hint], **(_PERSONAL if name in event_class.personal else {})}


def description_of(event_class: type[Event]) -> str:
    """Return the docstring of an event, which says what it means, on one line."""
    return " ".join((event_class.__doc__ or "").split())
