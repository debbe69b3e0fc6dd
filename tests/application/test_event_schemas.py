"""What is published keeps to the schemas that consumers were given, and these never change."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from hexaccount.events.event_codec import to_data
from hexaccount.events.event_schemas import data_schema
from hexaccount.kernel.event import EVENT_TYPES, Event
from tests.application.any_event import any_event
from tests.application.written_schemas import FOLDER, written

# The digest of each type's file. Who changes one breaks the consumers of that type: make a `.v2` instead.
PUBLISHED = {
    "hexaccount.profile.created.v1": "f19f85ce47760105",
    "hexaccount.profile.updated.v1": "7c4a060084647ca9",
    "hexaccount.session.closed.v1": "08dbc013bf6977b0",
    "hexaccount.session.kept.v1": "65f1216da4c17a64",
    "hexaccount.session.opened.v1": "a6106b4df69f2e69",
    "hexaccount.session.refreshed.v1": "b49b21a020eefadb",
    "hexaccount.session.reuse_detected.v1": "324eac19a3448d8e",
    "hexaccount.user.disabled.v1": "ebe257f8bd718c51",
    "hexaccount.user.enabled.v1": "573e87e47e772d15",
    "hexaccount.user.password_changed.v1": "d4e2cb7c440e4ffe",
    "hexaccount.user.registered.v1": "daa5c06c1d574465",
    "hexaccount.user.role_granted.v1": "3eb9347446ecda33",
    "hexaccount.user.role_revoked.v1": "f0a55ebfc34f3e82",
    "hexaccount.user.sessions_ended.v1": "8be67de41d32b4bf",
}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_whatever_an_event_holds_fits_its_schema(kind: type[Event]) -> None:
    schema = data_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == list(schema["properties"])

    @settings(max_examples=30, deadline=None)
    @given(event=any_event(kind))
    def fits(event: Event) -> None:
        data = json.loads(json.dumps(to_data(event)))
        assert list(validator(schema).iter_errors(data)) == []
        assert data.keys() == schema["properties"].keys()

    fits()


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_a_schema_refuses_what_misses_a_field_or_has_another_type_in_it(kind: type[Event]) -> None:
    schema = data_schema(kind)
    for name in schema["required"]:
        good = any_example(schema)
        assert validator(schema).is_valid(good)
        assert not validator(schema).is_valid({key: value for key, value in good.items() if key != name})
        assert not validator(schema).is_valid(good | {name: ["another type"]})


def any_example(schema: dict[str, Any]) -> dict[str, Any]:
    """Return data that fit a schema."""
    values = {"uuid": "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c", "date-time": "2026-11-23T01:02:03.004Z"}
    plain = {"string": "text", "integer": 1, "object": {"bio": None}}
    return {
        name: values.get(field.get("format", ""), plain[field["type"]]) for name, field in schema["properties"].items()
    }


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_each_type_has_its_schema_in_the_docs(event_type: str) -> None:
    file = FOLDER / f"{event_type}.json"
    assert file.read_text() == written(data_schema(EVENT_TYPES[event_type]))


def test_a_published_type_neither_changes_nor_goes() -> None:
    files = {file.stem: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in FOLDER.glob("*.json")}
    assert files == PUBLISHED
    assert files.keys() == EVENT_TYPES.keys()
