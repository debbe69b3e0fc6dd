"""Event data fit the published schemas, which never change."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from hexaccount.events.event_codec import to_data
from hexaccount.events.event_schemas import data_schema
from hexaccount.kernel import event
from hexaccount.kernel.event import Event
from tests.event_types import EVENT_TYPES
from tests.hexagon.events.any_event import any_event
from tests.hexagon.events.written_schemas import FOLDER, written

# The digest of each type's file. A change breaks the consumers of that type: publish a `.v2` instead.
PUBLISHED = {
    "hexaccount.mail.requested.v1": "621513e613009800",
    "hexaccount.profile.created.v1": "f605f2651f9f29de",
    "hexaccount.profile.updated.v1": "f703896c121664e3",
    "hexaccount.session.closed.v1": "4f3a23279fc6b187",
    "hexaccount.session.kept.v1": "a682187c5a7a3479",
    "hexaccount.session.opened.v1": "92a756ac8086bd6c",
    "hexaccount.session.reuse_detected.v1": "58fa434ce65fc549",
    "hexaccount.user.disabled.v1": "c39e6d38a7e9e7c8",
    "hexaccount.user.email_verified.v1": "3c79cdb73a796be2",
    "hexaccount.user.enabled.v1": "876b83260086be22",
    "hexaccount.user.erased.v1": "6ea0478063f86561",
    "hexaccount.user.password_changed.v1": "02e9f3b225c89726",
    "hexaccount.user.registered.v1": "29afdaa9bfbfdfed",
    "hexaccount.user.role_granted.v1": "5177c35a3a0f4704",
    "hexaccount.user.role_revoked.v1": "24809e61dc5cfcba",
    "hexaccount.user.sessions_ended.v1": "966412a2e569b874",
    "hexaccount.user.updated.v1": "79f47cfd3e9ddd41",
}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_the_data_of_any_event_fits_its_schema(kind: type[Event]) -> None:
    schema = data_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == [name for name in schema["properties"] if name not in kind.personal]

    @settings(max_examples=30, deadline=None)
    @given(event=any_event(kind))
    def fits(event: Event) -> None:
        data = json.loads(json.dumps(to_data(event)))
        assert list(validator(schema).iter_errors(data)) == []
        assert data.keys() == schema["properties"].keys()

    fits()


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_a_schema_rejects_a_missing_field_and_another_type(kind: type[Event]) -> None:
    schema = data_schema(kind)
    for name in schema["required"]:
        good = any_example(schema)
        assert validator(schema).is_valid(good)
        assert not validator(schema).is_valid({key: value for key, value in good.items() if key != name})
        assert not validator(schema).is_valid(good | {name: ["another type"]})


def any_example(schema: dict[str, Any]) -> dict[str, Any]:
    """Return data that fit a schema."""
    values = {"uuid": "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c", "date-time": "2026-11-23T01:02:03.004Z"}
    plain = {"string": "text", "integer": 1, "object": {}}
    return {
        name: values.get(field.get("format", ""), plain[field["type"]]) for name, field in schema["properties"].items()
    }


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_each_type_has_its_schema_in_the_docs(event_type: str) -> None:
    file = FOLDER / f"{event_type}.json"
    assert file.read_text() == written(data_schema(EVENT_TYPES[event_type]))


def test_a_published_schema_neither_changes_nor_disappears() -> None:
    files = {file.stem: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in FOLDER.glob("*.json")}
    assert files == PUBLISHED
    assert files.keys() == EVENT_TYPES.keys()


def test_a_field_that_was_added_later_is_not_required() -> None:
    @dataclass(frozen=True, kw_only=True)
    class UserGreeted(Event):
        """An account was greeted."""

        type = "tests.user.greeted.v1"

        words: str
        loud: bool = False

    del event._types[UserGreeted.type]
    schema = data_schema(UserGreeted)
    assert schema["properties"]["loud"] == {"type": "boolean"}
    assert schema["required"] == ["user_id", "words"]


def test_a_field_of_a_type_without_a_form_in_json_is_named() -> None:
    @dataclass(frozen=True, kw_only=True)
    class UserWeighed(Event):
        """An account was weighed."""

        type = "tests.user.weighed.v1"

        weight: complex

    del event._types[UserWeighed.type]
    with pytest.raises(TypeError, match=r"the field weight of tests\.user\.weighed\.v1 is of type .*complex"):
        data_schema(UserWeighed)
