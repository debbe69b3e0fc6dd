"""Checks events against the AsyncAPI document, with an independent JSON Schema validator."""

from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from hexaccount.events.cloud_event import structured
from hexaccount.events.journal_entry import JournalEntry


class EventCheck:
    """Checks CloudEvents against the messages of a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
        self._validators = {
            message["name"]: Draft202012Validator(
                {"$ref": f"urn:document#/components/messages/{key}/payload"},
                registry=registry,
                format_checker=Draft202012Validator.FORMAT_CHECKER,
            )
            for key, message in document["components"]["messages"].items()
        }

    def faults(self, event: Mapping[str, Any]) -> list[str]:
        """Return the validation errors of a CloudEvent."""
        return [fault.message for fault in self._validators[event["type"]].iter_errors(event)]

    def faults_of(self, entries: Iterable[JournalEntry]) -> list[str]:
        """Return the validation errors of journal entries in their published form."""
        return [fault for entry in entries for fault in self.faults(structured(entry))]
