from typing import Any

import pytest

from hexaccount.testing.api_client import ApiClient
from hexaccount_flask import request_class_finder
from tests.people import PASSWORD

PATH = "/api/v1/me/password"
NEW = "a new and longer password"


def change(signed_in: ApiClient, current: Any = PASSWORD, new: Any = NEW, **options: Any) -> Any:
    return signed_in.post(PATH, json={"current_password": current, "new_password": new}, **options)


def test_a_changed_password_logs_in_and_the_one_before_does_not(signed_in: ApiClient) -> None:
    answer = change(signed_in)

    assert answer.status_code == 200
    assert answer.json["data"].keys() == {"access", "token_type", "expires_in", "refresh", "device"}
    assert signed_in.login(password=NEW).status_code == 200
    assert signed_in.login(password=PASSWORD).status_code == 401


def test_changing_a_password_ends_all_sessions_and_answers_with_a_new_one(signed_in: ApiClient) -> None:
    mine, other = (signed_in.login().json["data"] for _ in range(2))

    new = change(signed_in, headers={"Authorization": f"Bearer {mine['access']}"}).json["data"]

    def status(access: str) -> int:
        return signed_in.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code

    def refreshed(token: str) -> int:
        return signed_in.post("/api/v1/public/refresh", json={"refresh": token}).status_code

    assert [status(each["access"]) for each in (mine, other, new)] == [401, 401, 200]
    assert [refreshed(each["refresh"]) for each in (mine, other, new)] == [401, 401, 200]
    assert signed_in.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("current", ["", "wrong", NEW, "x" * 1024])
def test_a_wrong_current_password_is_reported_at_its_field_and_changes_nothing(
    signed_in: ApiClient, current: str
) -> None:
    answer = change(signed_in, current=current)

    assert (answer.status_code, answer.json["code"]) == (422, "wrong_password")
    assert answer.json["title"] == "Wrong password"
    assert answer.json["errors"] == [{"pointer": "/current_password", "detail": "is not the password of this account"}]
    assert signed_in.get("/api/v1/me").status_code == 200
    assert signed_in.login(password=PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("new", "reason"), [("", "too short"), ("1234567", "too short"), ("x" * 129, "too long"), ("a\tb" * 4, "control")]
)
def test_a_new_password_against_the_rules_is_reported_at_its_field(signed_in: ApiClient, new: str, reason: str) -> None:
    answer = change(signed_in, new=new)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    ((pointer, detail),) = [(error["pointer"], error["detail"]) for error in answer.json["errors"]]
    assert pointer == "/new_password"
    assert reason in detail
    assert signed_in.login(password=PASSWORD).status_code == 200


@pytest.mark.parametrize("value", [None, 5, True, [], {}, "\0", "\ud800"], ids=ascii)
@pytest.mark.parametrize("field", ["current_password", "new_password"])
def test_a_value_that_is_not_a_text_is_refused_by_the_name_of_its_field(
    signed_in: ApiClient, field: str, value: Any
) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW} | {field: value}

    answer = signed_in.post(PATH, json=body)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{field}"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/current_password", "/new_password"}),
        ({"new_password": NEW}, {"/current_password"}),
        ({"current_password": PASSWORD}, {"/new_password"}),
        ({"current_password": PASSWORD, "new_password": NEW, "user_id": "bob"}, {"/user_id"}),
        ({"current_password": "x" * 1025, "new_password": NEW}, {"/current_password"}),
    ],
)
def test_fields_that_are_missing_too_many_or_too_long_are_named(
    signed_in: ApiClient, body: dict[str, Any], pointers: set[str]
) -> None:
    answer = signed_in.post(PATH, json=body)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == pointers


def test_no_answer_repeats_a_password(signed_in: ApiClient) -> None:
    secrets = ("hunter2 hunter2", "x" * 130)
    answers = [change(signed_in, current=secrets[0]), change(signed_in, new=secrets[1])]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert not [secret for secret in secrets for answer in answers if secret in answer.text]


def test_changing_a_password_needs_a_token_before_the_body_is_read(client: ApiClient) -> None:
    answer = client.post(PATH, data=b"{")
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'

    answer = client.post(PATH, data=b"{", headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


def test_changing_a_password_has_the_request_class_of_passwords(client: ApiClient) -> None:
    assert request_class_finder(client.app)("POST", PATH) == "password"


def test_other_methods_are_refused_with_the_allowed_one(signed_in: ApiClient) -> None:
    answer = signed_in.get(PATH)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
