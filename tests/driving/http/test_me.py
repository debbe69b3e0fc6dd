import re
from typing import Any

import pytest

EMPTY = {"bio": None, "phone": None, "address": None, "updated_at": None}


def test_a_profile_reads_as_empty_until_its_event_is_handled(person: Any) -> None:
    assert person.get("/api/v1/me/profile").json == {"data": EMPTY}

    person.service.deliver_all()

    data = person.get("/api/v1/me/profile").json["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data["updated_at"])


def test_a_patch_changes_what_it_names_and_null_removes(person: Any) -> None:
    person.patch("/api/v1/me/profile", json={"bio": "Hello\nthere", "phone": "+49 30 901820"})

    answer = person.patch("/api/v1/me/profile", json={"phone": None, "address": "Main St 1"})

    expected = {"bio": "Hello\nthere", "phone": None, "address": "Main St 1"}
    assert answer.status_code == 200
    assert answer.json["data"] | expected == answer.json["data"]
    assert person.get("/api/v1/me/profile").json == answer.json


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json; charset=UTF-8"])
def test_an_empty_patch_answers_the_profile_as_it_is(person: Any, media_type: str) -> None:
    before = person.patch("/api/v1/me/profile", json={"bio": "Hello"}).json

    assert person.patch("/api/v1/me/profile", data=b"{}", content_type=media_type).json == before


def test_a_patch_names_every_field_that_is_not_valid(person: Any) -> None:
    answer = person.patch("/api/v1/me/profile", json={"bio": "b" * 1001, "phone": "call me", "address": "\u202e"})

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/bio", "/phone", "/address"}


def test_a_patch_of_somebody_unknown_is_refused_before_its_body_is_read(visitor: Any) -> None:
    assert visitor.patch("/api/v1/me/profile", data=b"{").status_code == 401


def test_profiles_are_each_persons_own(person: Any) -> None:
    person.patch("/api/v1/me/profile", json={"bio": "Hello"})
    person.headers = {}
    person.register("bob")
    person.sign_in("bob")

    assert person.get("/api/v1/me/profile").json == {"data": EMPTY}
