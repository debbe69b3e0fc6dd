import re
from typing import Any

import pytest

EMPTY = {"bio": None, "phone": None, "address": None, "updated_at": None}


def test_a_profile_is_empty_until_its_event_is_handled(signed_in: Any) -> None:
    assert signed_in.get("/api/v1/me/profile").json == {"data": EMPTY}

    signed_in.service.deliver_all()

    data = signed_in.get("/api/v1/me/profile").json["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data["updated_at"])


def test_a_patch_changes_what_it_names_and_null_removes(signed_in: Any) -> None:
    signed_in.patch("/api/v1/me/profile", json={"bio": "Hello\nthere", "phone": "+49 30 901820"})

    answer = signed_in.patch("/api/v1/me/profile", json={"phone": None, "address": "Main St 1"})

    expected = {"bio": "Hello\nthere", "phone": None, "address": "Main St 1"}
    assert answer.status_code == 200
    assert answer.json["data"] | expected == answer.json["data"]
    assert signed_in.get("/api/v1/me/profile").json == answer.json


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json; charset=UTF-8"])
def test_an_empty_patch_returns_the_unchanged_profile(signed_in: Any, media_type: str) -> None:
    before = signed_in.patch("/api/v1/me/profile", json={"bio": "Hello"}).json

    assert signed_in.patch("/api/v1/me/profile", data=b"{}", content_type=media_type).json == before


def test_a_patch_names_every_field_that_is_not_valid(signed_in: Any) -> None:
    answer = signed_in.patch("/api/v1/me/profile", json={"bio": "b" * 1001, "phone": "call me", "address": "\u202e"})

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/bio", "/phone", "/address"}


def test_an_unauthenticated_patch_is_refused_before_its_body_is_read(client: Any) -> None:
    assert client.patch("/api/v1/me/profile", data=b"{").status_code == 401


def test_each_user_has_their_own_profile(signed_in: Any) -> None:
    signed_in.patch("/api/v1/me/profile", json={"bio": "Hello"})
    signed_in.headers = {}
    signed_in.register("bob")
    signed_in.sign_in("bob")

    assert signed_in.get("/api/v1/me/profile").json == {"data": EMPTY}
