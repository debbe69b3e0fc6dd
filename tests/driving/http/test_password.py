from typing import Any

import pytest

from hexaccount_flask import lane_finder
from tests.driving.http.conftest import PASSWORD, Visitor

PATH = "/api/v1/me/password"
NEW = "a new and longer password"


def change(person: Visitor, current: Any = PASSWORD, new: Any = NEW, **options: Any) -> Any:
    return person.post(PATH, json={"current_password": current, "new_password": new}, **options)


def test_a_changed_password_logs_in_and_the_one_before_does_not(person: Visitor) -> None:
    answer = change(person)

    assert answer.status_code == 200
    assert answer.json["data"].keys() == {"device"}
    assert person.login(password=NEW).status_code == 200
    assert person.login(password=PASSWORD).status_code == 401


def test_the_session_that_changes_it_goes_on_and_all_others_end(person: Visitor) -> None:
    mine, other = (person.login().json["data"] for _ in range(2))

    change(person, headers={"Authorization": f"Bearer {mine['access']}"})

    def status(access: str) -> int:
        return person.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code

    def refreshed(token: str) -> int:
        return person.post("/api/v1/public/refresh", json={"refresh": token}).status_code

    assert [status(mine["access"]), status(other["access"])] == [200, 401]
    assert [refreshed(mine["refresh"]), refreshed(other["refresh"])] == [200, 401]
    assert person.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("current", ["", "wrong", NEW, "x" * 1024])
def test_a_wrong_current_password_is_told_at_its_field_and_changes_nothing(person: Visitor, current: str) -> None:
    answer = change(person, current=current)

    assert (answer.status_code, answer.json["code"]) == (422, "wrong_password")
    assert answer.json["title"] == "The current password is wrong"
    assert answer.json["errors"] == [{"pointer": "/current_password", "detail": "is not the password of this account"}]
    assert person.get("/api/v1/me").status_code == 200
    assert person.login(password=PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("new", "reason"), [("", "too short"), ("1234567", "too short"), ("x" * 129, "too long"), ("a\tb" * 4, "control")]
)
def test_a_new_password_against_the_rules_is_told_at_its_field(person: Visitor, new: str, reason: str) -> None:
    answer = change(person, new=new)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    ((pointer, detail),) = [(error["pointer"], error["detail"]) for error in answer.json["errors"]]
    assert pointer == "/new_password"
    assert reason in detail
    assert person.login(password=PASSWORD).status_code == 200


@pytest.mark.parametrize("value", [None, 5, True, [], {}, "\0", "\ud800"], ids=ascii)
@pytest.mark.parametrize("field", ["current_password", "new_password"])
def test_what_is_no_text_is_refused_by_the_name_of_its_field(person: Visitor, field: str, value: Any) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW} | {field: value}

    answer = person.post(PATH, json=body)

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
    person: Visitor, body: dict[str, Any], pointers: set[str]
) -> None:
    answer = person.post(PATH, json=body)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == pointers


def test_no_answer_repeats_a_password(person: Visitor) -> None:
    secrets = ("hunter2 hunter2", "x" * 130)
    answers = [change(person, current=secrets[0]), change(person, new=secrets[1])]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert not [secret for secret in secrets for answer in answers if secret in answer.text]


def test_a_password_is_for_who_is_logged_in_and_nothing_of_the_body_is_looked_at_before(visitor: Visitor) -> None:
    answer = visitor.post(PATH, data=b"{")
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'

    answer = visitor.post(PATH, data=b"{", headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


def test_a_password_is_changed_with_the_requests_that_hash(visitor: Visitor) -> None:
    assert lane_finder(visitor.app)("POST", PATH) == "password"


def test_other_methods_are_refused_with_the_one_there_is(person: Visitor) -> None:
    answer = person.get(PATH)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
