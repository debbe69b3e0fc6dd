import re
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser

PROFILE = "/api/v1/me/profile"


def tag_of(signed_in: Any, path: str = PROFILE) -> str:
    return signed_in.get(path).headers["ETag"]


@pytest.mark.parametrize("path", ["/api/v1/me", PROFILE])
def test_a_resource_has_a_strong_tag_that_stays_as_long_as_it_does(signed_in: Any, path: str) -> None:
    tag = tag_of(signed_in, path)
    assert re.fullmatch(r'"[!#-~]+"', tag)
    assert tag_of(signed_in, path) == tag


def test_a_change_of_the_profile_changes_its_tag_and_answers_with_the_new_one(signed_in: Any) -> None:
    tags = [tag_of(signed_in)]
    signed_in.service.deliver_all()
    tags.append(tag_of(signed_in))
    for bio in ("one", "two"):
        tags.append(signed_in.patch(PROFILE, json={"bio": bio}).headers["ETag"])
        assert tag_of(signed_in) == tags[-1]
    assert len(set(tags)) == 4
    assert signed_in.patch(PROFILE, json={"bio": "two"}).headers["ETag"] == tags[-1]


def test_a_change_of_the_account_changes_the_tag_of_the_user(admin: Any) -> None:
    user_id = admin.register("ann").json["data"]["id"]
    tags = [tag_of(admin, f"/api/v1/users/{user_id}")]
    for command in (DisableUser, EnableUser):
        admin.service.bus.handle(command(user_id=UUID(user_id)))
        tags.append(tag_of(admin, f"/api/v1/users/{user_id}"))
    assert len(set(tags)) == 3


def test_two_users_never_have_the_same_tag(signed_in: Any) -> None:
    mine = {path: tag_of(signed_in, path) for path in ("/api/v1/me", PROFILE)}
    signed_in.register("bob")
    signed_in.sign_in("bob")
    for path, tag in mine.items():
        answer = signed_in.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["ETag"] != tag
    assert signed_in.patch(PROFILE, json={"bio": "Bob"}, headers={"If-Match": mine[PROFILE]}).status_code == 412


def test_versions_are_not_shown_in_bodies(admin: Any) -> None:
    user_id = admin.get("/api/v1/me").json["data"]["id"]
    for path in ("/api/v1/me", PROFILE, "/api/v1/users", f"/api/v1/users/{user_id}"):
        assert "version" not in admin.get(path).text


@pytest.mark.parametrize("path", ["/api/v1/me", PROFILE])
def test_a_client_with_the_resource_gets_a_304_without_a_body(signed_in: Any, path: str) -> None:
    tag = tag_of(signed_in, path)
    for known in (tag, f"W/{tag}", f'"other", {tag}', f',"other" ,, W/{tag},', "*"):
        answer = signed_in.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in answer.headers


@pytest.mark.parametrize(
    "known", ['"other"', "", "TAG without marks", '"unclosed', "**", '"a" "b"', '"TAG", unquoted', '"TAG", "unclosed']
)
def test_a_client_with_another_tag_gets_the_resource(signed_in: Any, known: str) -> None:
    tag = tag_of(signed_in)
    answer = signed_in.get(PROFILE, headers={"If-None-Match": known.replace("TAG", tag.strip('"'))})
    assert answer.status_code == 200
    assert answer.json


def test_a_tag_reveals_nothing_that_only_an_admin_may_see(signed_in: Any) -> None:
    user_id = signed_in.get("/api/v1/me").json["data"]["id"]
    assert signed_in.get(f"/api/v1/users/{user_id}", headers={"If-None-Match": "*"}).status_code == 403
    signed_in.headers = {}
    assert signed_in.get("/api/v1/me", headers={"If-None-Match": "*"}).status_code == 401


@pytest.mark.parametrize(
    "condition",
    ["TAG", "*", " * ", '"other", TAG', 'TAG,"other"', ',, TAG ,W/"x"', '"with,comma",TAG'],
)
@pytest.mark.parametrize("begun", [False, True])
def test_a_patch_of_the_expected_version_is_done(signed_in: Any, condition: str, begun: bool) -> None:
    if begun:
        signed_in.patch(PROFILE, json={"bio": "before"})
    condition = condition.replace("TAG", tag_of(signed_in))
    answer = signed_in.patch(PROFILE, json={"bio": "after"}, headers={"If-Match": condition})
    assert (answer.status_code, answer.json["data"]["bio"]) == (200, "after")


@pytest.mark.parametrize(
    "condition",
    [
        '"other"',
        "W/TAG",
        "",
        "TAG TAG",
        "TAG x",
        "*, TAG",
        '"',
        "BARE",
        "OLD",
        "TAG, unquoted",
        'TAG, "unclosed',
        'W/"x", OLD',
        "FORGED",
    ],
)
def test_a_patch_of_an_unexpected_version_changes_nothing(signed_in: Any, condition: str) -> None:
    old = tag_of(signed_in)
    tag = signed_in.patch(PROFILE, json={"bio": "before"}).headers["ETag"]
    words = {"TAG": tag, "OLD": old, "BARE": tag.strip('"'), "FORGED": tag.replace("-2-", "-02-")}
    for word, meaning in words.items():
        condition = condition.replace(word, meaning)
    answer = signed_in.patch(PROFILE, json={"bio": "after"}, headers={"If-Match": condition})
    assert (answer.status_code, answer.json["code"]) == (412, "precondition_failed")
    assert signed_in.get(PROFILE).json["data"]["bio"] == "before"
    assert tag_of(signed_in) == tag


def test_a_hostile_list_of_tags_is_parsed_quickly(signed_in: Any) -> None:
    for state in (" " * 30_000, '"' * 30_000, "," * 30_000, 'W/"x",' * 5_000):
        answer = signed_in.patch(PROFILE, json={"bio": "after"}, headers={"If-Match": f"{state}x"})
        assert answer.status_code == 412


def test_an_invalid_patch_is_refused_before_its_condition_is_checked(signed_in: Any) -> None:
    answer = signed_in.patch(PROFILE, json={"bio": "x" * 2000}, headers={"If-Match": '"other"'})
    assert answer.status_code == 422
