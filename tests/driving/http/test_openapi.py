"""The API document, which is written from the declarations of the views."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import clean_address, clean_bio, clean_phone
from hexaccount.kernel.errors import InvalidValue
from hexaccount.passwords.password import Password
from hexaccount_flask.web.openapi import openapi
from tests.documented.application import application, document
from tests.documented.formats import format_checker

PATH = "/swagger.json"
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
SCHEMAS = document()["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}


def test_it_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document()).validate()


def test_the_document_is_the_same_before_and_after_requests(client: Any) -> None:
    first = client.get(PATH)
    assert (first.status_code, first.mimetype) == (200, "application/json")
    assert first.json == json.loads(json.dumps(document()))
    client.register()
    assert openapi(client.app) == document()


def test_caches_may_keep_it_for_an_hour(client: Any) -> None:
    answer = client.get(PATH)
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=3600"]
    assert client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_every_route_is_in_it() -> None:
    routes = {
        (method.lower(), re.sub(r"<(.*?)>", r"{\1}", rule.rule))
        for rule in application().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    described = document(pages=True)["paths"].items()
    assert {(method, path) for path, methods in described for method in methods} == routes
    assert {path for path, _ in described} - document()["paths"].keys() == {"/swagger", "/swagger/", "/swagger/{file}"}


def test_everything_has_a_description() -> None:
    tags = [tag["name"] for tag in document()["tags"]]
    assert [tag for tag in tags if not any(tag in operation["tags"] for _, _, operation in OPERATIONS.values())] == []
    for _, _, operation in OPERATIONS.values():
        assert operation["summary"]
        assert set(operation["tags"]) <= set(tags)
        assert all(parameter["description"] for parameter in operation.get("parameters", []))
    for name, schema in SCHEMAS.items():
        assert schema["description"].endswith("."), name


def test_every_example_is_valid() -> None:
    found = list(_examples(document()))
    assert len(found) > 100
    for schema, example in found:
        assert _faults(schema, example) == []


def _examples(part: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Return each example with its schema."""
    if isinstance(part, list):
        for each in part:
            yield from _examples(each)
    elif isinstance(part, dict):
        for example in part["examples"] if isinstance(part.get("examples"), list) else []:
            yield part, example
        if isinstance(part.get("examples"), dict):
            for example in part["examples"].values():
                yield part["schema"], example["value"]
        if "example" in part and "schema" in part:
            yield part["schema"], part["example"]
        for each in part.values():
            yield from _examples(each)


def _faults(schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": document()["components"]}
    validator = Draft202012Validator(whole, format_checker=format_checker())
    return [error.message for error in validator.iter_errors(value)]


def test_every_link_leads_to_an_operation() -> None:
    for _, _, operation in OPERATIONS.values():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                _, _, target = OPERATIONS[link["operationId"]]
                names = {parameter["name"] for parameter in target.get("parameters", [])}
                assert set(link.get("parameters", {})) <= names
                if "requestBody" in link:
                    (content,) = target["requestBody"]["content"].values()
                    model = SCHEMAS[content["schema"]["$ref"].rpartition("/")[2]]
                    assert set(model["required"]) <= set(link["requestBody"]) <= set(model["properties"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_needs_the_permission_that_the_document_names(shared_client: Any, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    path = path.format(user_id=UNKNOWN_ID, session_id=UNKNOWN_ID, identifier="ann", file="page.js")

    anonymous, signed_in = (
        getattr(shared_client.flask_client, method)(path, headers=headers)
        for headers in ({}, {"Authorization": shared_client.login().headers["Authorization"]})
    )

    if not operation["security"]:
        assert anonymous.status_code not in {401, 403}
        return
    assert (anonymous.status_code, anonymous.json["code"]) == (401, "not_authenticated")
    needed = operation.get("x-permission")
    assert (signed_in.status_code == 403) == bool(needed)
    if needed:
        assert f'scope="{needed}"' in signed_in.headers["WWW-Authenticate"]


FIELDS: dict[tuple[str, str], Callable[[str], object]] = {
    ("RegisterRequest", "user_name"): UserName,
    ("RegisterRequest", "first_name"): PersonName,
    ("RegisterRequest", "email"): EmailAddress,
    ("RegisterRequest", "password"): Password,
    ("RegisterRequest", "avatar_identifier"): AvatarIdentifier,
    ("ProfilePatch", "bio"): clean_bio,
    ("ProfilePatch", "phone"): clean_phone,
    ("ProfilePatch", "address"): clean_address,
}
PLAIN = "".join(chr(code) for code in range(33, 127))


@pytest.mark.parametrize(("field", "make"), FIELDS.items(), ids=[name for _, name in FIELDS])
def test_a_field_accepts_exactly_the_texts_that_the_document_describes(
    field: tuple[str, str], make: Callable[[str], object]
) -> None:
    model, name = field
    schema = {key: rule for key, rule in SCHEMAS[model]["properties"][name].items() if key != "format"}
    validator = Draft202012Validator(schema)
    most = schema.get("maxLength", 64)
    lengths = st.sampled_from([0, 1, 7, 8, most - 1, most, most + 1]) | st.integers(0, 20)
    texts = (
        st.text(max_size=20)
        | lengths.flatmap(lambda length: st.text("ab1@.", min_size=length, max_size=length))
        | lengths.map(lambda length: "x" * length)
        | st.from_regex(schema["pattern"])
        if "pattern" in schema
        else st.text(max_size=20) | lengths.map(lambda length: "x" * length) | st.emails()
    )

    @settings(max_examples=60, deadline=None)
    @given(text=texts)
    def agree(text: str) -> None:
        try:
            made = make(text)
        except InvalidValue:
            return
        kept = made if isinstance(made, str) else getattr(made, "text", "")
        assert validator.is_valid(kept), kept

    @settings(max_examples=60, deadline=None)
    @given(text=st.text(PLAIN, max_size=20) | lengths.map(lambda length: "x" * length))
    def refuse(text: str) -> None:
        if not validator.is_valid(text):
            with pytest.raises(InvalidValue):
                make(text)

    agree()
    refuse()


def test_an_operation_without_a_token_says_that_it_needs_none() -> None:
    assert {name for name, (_, _, operation) in OPERATIONS.items() if operation["security"] == []} >= {
        "log_in",
        "health",
    }
    assert OPERATIONS["log_out"][2]["security"] == [{"bearer": []}, {}]


def test_no_member_has_a_default_which_generators_take_for_a_member_that_is_always_there() -> None:
    members = [member for schema in SCHEMAS.values() for member in schema["properties"].values()]
    assert [member for member in members if "default" in member] == []


def test_no_sentence_ends_with_a_number_which_markdown_takes_for_an_entry_of_a_list() -> None:
    assert re.findall(r"\b[0-9]{1,9}\.\s", json.dumps(document())) == []


def test_every_body_of_json_has_a_name() -> None:
    operations = [operation for _, _, operation in OPERATIONS.values()]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    answers += document()["components"]["responses"].values()
    contents = [content for answer in answers for content in answer.get("content", {}).items()]
    unnamed = [content for kind, content in contents if kind.endswith("json") and "$ref" not in content["schema"]]
    documents = {"type": "object"}  # other documents, of which ours says no more
    assert [content["schema"] for content in unnamed if content["schema"] != documents] == []
