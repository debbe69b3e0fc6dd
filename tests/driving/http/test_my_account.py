"""What users see and change of their own account."""

from typing import Any
from uuid import UUID

import pytest

from hexaccount.events.list_events import ListEvents
from hexaccount_flask.accounts import MyUserModel
from hexaccount_flask.web.entity_tags import entity_tag

ME = "/api/v1/me"
ADMIN = ["sessions.end", "sessions.read", "users.read"]


def data_of(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_an_account_shows_its_roles_and_their_permissions(client: Any, admin: Any) -> None:
    me = data_of(admin.get(ME))
    assert me["roles"] == ["user", "admin"]
    assert set(ADMIN) <= set(me["permissions"])
    client.headers = {}
    client.register()
    assert data_of(client.sign_in().get(ME))["permissions"] == []


def test_the_tag_of_the_account_changes_with_its_permissions_although_its_version_stays() -> None:
    tags = [entity_tag(MyUserModel, UUID(int=1), 7, permissions) for permissions in ([], ["users.read"], ADMIN)]
    assert len(set(tags)) == 3


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
def test_a_patch_changes_what_it_names(signed_in: Any, media_type: str) -> None:
    before = data_of(signed_in.get(ME))
    body = b'{"first_name": " Anna Maria ", "avatar_identifier": "cat"}'
    after = data_of(signed_in.patch(ME, data=body, content_type=media_type))
    assert after == before | {"first_name": "Anna Maria", "avatar_identifier": "cat"}
    assert data_of(signed_in.get(ME)) == after
    assert data_of(signed_in.patch(ME, json={"last_name": "Ng"})) == after | {"last_name": "Ng"}


def test_without_an_avatar_identifier_the_picture_is_drawn_from_the_id(signed_in: Any) -> None:
    before = data_of(signed_in.get(ME))
    signed_in.patch(ME, json={"avatar_identifier": "cat"})
    assert data_of(signed_in.patch(ME, json={"avatar_identifier": None})) == before
    assert before["avatar_identifier"] == before["id"].replace("-", "")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (
            {"first_name": "", "last_name": "a\nb", "avatar_identifier": "/"},
            ["first_name", "last_name", "avatar_identifier"],
        ),
        ({"first_name": None, "last_name": 5}, ["first_name", "last_name"]),
        ({"email": "eve@example.org", "roles": ["admin"], "id": "x"}, ["email", "id", "roles"]),
    ],
    ids=str,
)
def test_a_patch_names_every_field_that_it_cannot_change(signed_in: Any, body: Any, pointers: list[str]) -> None:
    before = data_of(signed_in.get(ME))
    answer = signed_in.patch(ME, json=body)
    assert (answer.status_code, [error["pointer"][1:] for error in answer.json["errors"]]) == (422, pointers)
    assert data_of(signed_in.get(ME)) == before


def test_a_patch_of_another_version_changes_nothing(signed_in: Any) -> None:
    tag = signed_in.get(ME).headers["ETag"]
    changed = signed_in.patch(ME, json={"first_name": "Eve"}, headers={"If-Match": tag})
    assert changed.headers["ETag"] == signed_in.get(ME).headers["ETag"] != tag
    refused = signed_in.patch(ME, json={"first_name": "Eva"}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json["code"]) == (412, "precondition_failed")
    assert data_of(signed_in.get(ME))["first_name"] == "Eve"


def test_a_patch_that_changes_nothing_is_no_event(signed_in: Any) -> None:
    for body in ({"first_name": "Eve"}, {"first_name": "Eve"}, {}):
        signed_in.patch(ME, json=body)
    query = ListEvents(user_id=UUID(data_of(signed_in.get(ME))["id"]), types=["hexaccount.user.updated.v1"])
    (event,) = signed_in.service.bus.handle(query).events
    assert event.data["changes"] == {"first_name": "Eve"}
