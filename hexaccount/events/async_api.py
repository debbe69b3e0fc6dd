"""The events that leave the service, as an AsyncAPI 3.0 document.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from datetime import timedelta
from typing import Any

from hexaccount.events.cloud_event import CONTENT_TYPE
from hexaccount.events.event_schemas import data_schema, description_of
from hexaccount.kernel.event import EVENT_TYPES, Event

VERSION = "1.0.0"
"""The version of the document: the first number counts removed types, the second new ones."""

_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
_ATTRIBUTES: dict[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": {**_ID, "description": "the same at every delivery: a consumer that has seen it ignores the event"},
    "type": _TEXT,
    "source": {"type": "string", "format": "uri-reference"},
    "subject": {**_ID, "description": "the account that the event is about"},
    "time": {"type": "string", "format": "date-time"},
    "datacontenttype": {"const": CONTENT_TYPE},
    "dataschema": {"type": "string", "format": "uri"},
    "aggregate": {**_TEXT, "description": "the kind of the journal it belongs to, such as user, session or profile"},
    "aggregateid": {**_ID, "description": "the id of that journal"},
    "sequence": {
        "type": "string",
        "pattern": "^[1-9][0-9]*$",
        "description": "its position in that journal; there are gaps only where old events were removed",
    },
    "actor": {
        **_TEXT,
        "pattern": "^(user:[0-9a-f-]{36}|admin:.+@.+|service)$",
        "description": "who acted: a user by id, an admin at the command line by name and host, or the service itself",
    },
    "sessionid": {**_ID, "description": "the session in which a user acted"},
    "network": {**_TEXT, "description": "the /24 of the client's IPv4 address, or the /48 of its IPv6 address"},
    "requestid": {**_TEXT, "description": "the id of the request with which it began, as in X-Request-ID"},
    "causationid": {**_ID, "description": "the id of the event that led to it"},
    "traceparent": {**_TEXT, "description": "its trace (W3C Trace Context)"},
    "reason": {**_TEXT, "description": "the reason that an admin gave"},
}
_OPTIONAL = {"sessionid", "network", "requestid", "causationid", "traceparent", "reason"}


def async_api() -> dict[str, Any]:
    """Return the document."""
    names = {event_type: event_type.replace(".", "_") for event_type in sorted(EVENT_TYPES)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "hexaccount events",
            "version": VERSION,
            "description": (
                "Every change of an account, as CloudEvents 1.0. Each is delivered at least once, and those of one "
                "`aggregateid` in the order of their `sequence`. A type that ends in `.v1` never changes its meaning; "
                "consumers ignore attributes and data that they do not know."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "events": {
                "address": None,
                "description": "Every receiver in the settings of the service.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names.values()},
            }
        },
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {
            "messages": {name: _message(EVENT_TYPES[event_type]) for event_type, name in names.items()},
            "schemas": {
                "cloudevent": {
                    "type": "object",
                    "properties": _ATTRIBUTES,
                    "required": [name for name in _ATTRIBUTES if name not in _OPTIONAL],
                },
                **{name: data_schema(EVENT_TYPES[event_type]) for event_type, name in names.items()},
            },
        },
    }


def _message(event: type[Event]) -> dict[str, Any]:
    name = event.type.replace(".", "_")
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": description_of(event),
        "x-kept": _kept(event),
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/cloudevent"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": event.type},
                        "data": {"$ref": f"#/components/schemas/{name}"},
                    },
                    "required": ["data"],
                },
            ]
        },
    }


def _kept(event: type[Event]) -> str:
    """Return how long the journal keeps an event: a number of seconds, or where that is set."""
    match event.kept:
        case None:
            return "for ever"
        case timedelta() as duration:
            return f"{duration.total_seconds():g} seconds"
        case setting:
            return f"as many seconds as the setting {setting} says"
