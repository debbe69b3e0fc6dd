"""Plants a difference of each kind between two dumps, and sees it reported."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.documented.contract.command_line import commands
from tests.documented.contract.comparison import compare
from tests.documented.contract.declared import declared_metrics, settings_schema
from tests.documented.contract.references import resolved
from tests.documented.contract.shapes import shape_of

BEFORE: dict[str, Any] = {
    "http": {
        "paths": {"/me": {"get": {"summary": "See it", "parameters": [{"name": "limit"}, {"name": "after"}]}}},
        "components": {
            "schemas": {
                "User": {"required": ["id", "title"], "properties": {"id": {}, "title": {"description": "A text."}}},
                "Users": {"items": {"$ref": "#/components/schemas/User"}},
            }
        },
    },
    "command_line": {"outbox forget": {"help": "Forget.", "options": {"--yes": {"default": False}}}},
    "settings": {"defaults": {"password.cost": 12, "cache": None}},
    "event_schemas": {"registered.v1.json": {"properties": {"user_id": {"type": "string"}}}},
    "metrics": {"waiting": {"type": "gauge", "help": "Waits.", "label_values": {"lane": ["image", "quick"]}}},
    "log": {"GET /me 200": {"fields": ["labels.route", "message"]}},
    "commands": {"00 migrate": {"exit_code": 0}},
    "answers": {"me": {"status": 200, "headers": {"etag": "any"}}},
}


def plant(section: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    after = copy.deepcopy(BEFORE)
    change(after[section])
    return after


@pytest.mark.parametrize(
    ("section", "change", "reported"),
    [
        ("http", lambda part: part["paths"].pop("/me"), "/http/paths//me: "),
        ("http", lambda part: part["paths"]["/me"].update(put={}), "/http/paths//me/put: {} is new"),
        ("http", lambda part: part["paths"]["/me"]["get"]["parameters"].pop(), "/http/paths//me/get/parameters: "),
        (
            "http",
            lambda part: part["components"]["schemas"]["User"]["properties"].pop("title"),
            "/http/components/schemas/User/properties/title: ",
        ),
        ("command_line", lambda part: part.pop("outbox forget"), "/command_line/outbox forget: "),
        (
            "command_line",
            lambda part: part["outbox forget"]["options"]["--yes"].update(default=True),
            "/command_line/outbox forget/options/--yes/default: false is now true",
        ),
        (
            "settings",
            lambda part: part["defaults"].update({"password.cost": 12.0}),
            "/settings/defaults/password.cost: 12 is now 12.0",
        ),
        ("settings", lambda part: part["defaults"].pop("cache"), "/settings/defaults/cache: null is gone"),
        (
            "event_schemas",
            lambda part: part["registered.v1.json"]["properties"]["user_id"].update(type="integer"),
            "/event_schemas/registered.v1.json/properties/user_id/type: ",
        ),
        ("metrics", lambda part: part["waiting"].update(type="counter"), "/metrics/waiting/type: "),
        (
            "metrics",
            lambda part: part["waiting"]["label_values"].update(lane=["image", "other"]),
            '/metrics/waiting/label_values/lane: "quick" is gone, "other" is new',
        ),
        ("log", lambda part: part["GET /me 200"]["fields"].append("user.id"), "/log/GET /me 200/fields: "),
        ("commands", lambda part: part["00 migrate"].update(exit_code=3), "/commands/00 migrate/exit_code: 0 is now 3"),
        ("answers", lambda part: part["me"].update(status=204), "/answers/me/status: 200 is now 204"),
        ("answers", lambda part: part["me"]["headers"].pop("etag"), "/answers/me/headers/etag: "),
    ],
)
def test_a_structural_difference_is_reported(section: str, change: Callable[[Any], object], reported: str) -> None:
    (difference,) = compare(BEFORE, plant(section, change), {}).structural
    assert difference.startswith(reported)


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("http", lambda part: part["paths"]["/me"]["get"].update(summary="Returns the account.")),
        ("http", lambda part: part["components"]["schemas"]["User"]["properties"]["title"].pop("description")),
        ("command_line", lambda part: part["outbox forget"].update(help="Delete it.")),
        ("metrics", lambda part: part["waiting"].update(help="Counts them.")),
    ],
)
def test_wording_is_counted_apart(section: str, change: Callable[[Any], object]) -> None:
    found = compare(BEFORE, plant(section, change), {})
    assert not found.structural
    assert len(found.wording) == 1


def test_a_section_that_is_gone_is_reported() -> None:
    after = copy.deepcopy(BEFORE)
    del after["metrics"]
    assert len(compare(BEFORE, after, {}).structural) == 1


def test_the_order_of_what_is_a_set_makes_no_difference() -> None:
    after = plant("http", lambda part: part["paths"]["/me"]["get"]["parameters"].reverse())
    after["http"]["components"]["schemas"]["User"]["required"].reverse()
    assert not compare(BEFORE, after, {}).structural


def test_a_rename_holds_in_its_section_and_one_that_changes_nothing_is_reported() -> None:
    after: dict[str, Any] = json.loads(json.dumps(BEFORE).replace('User"', 'Account"'))
    after["metrics"]["waiting"]["label_values"]["lane"] = ["default", "image"]
    renames = {"http": {"User": "Account"}, "metrics": {"quick": "default"}}
    found = compare(BEFORE, after, renames)
    assert not found.structural
    assert not found.unused_renames
    elsewhere = compare(BEFORE, after, {**renames, "metrics": {}, "log": {"quick": "default"}})
    assert len(elsewhere.structural) == 1
    assert elsewhere.unused_renames == ["log: quick"]


def test_only_names_of_schemas_are_seen_through_references() -> None:
    answer = {"content": {"$ref": "#/components/schemas/User"}}
    document = {
        "paths": {"/me": {"$ref": "#/components/responses/of.me"}},
        "components": {"responses": {"of.me": answer}, "schemas": {"User": {}}},
    }
    assert resolved(document) == {"paths": {"/me": answer}, "components": {"schemas": {"User": {}}}}


def test_a_shape_has_types_and_codes() -> None:
    assert shape_of({"code": "not_found", "id": "one", "errors": [1, None]}) == {
        "code": "not_found",
        "id": "str",
        "errors": ["int", None],
    }


def test_what_the_code_declares_is_found() -> None:
    assert "--json" in commands()["events list"]["options"]
    assert declared_metrics()["hexaccount_sockets"]["type"] == "gauge"
    assert settings_schema()["properties"]["password"]["properties"]["cost"]["default"] == 12
