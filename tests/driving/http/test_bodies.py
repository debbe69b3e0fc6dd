import gzip
import json
from typing import Any

import pytest

from tests.people import registration_form

REGISTER = "/api/v1/public/register"
LOGIN = "/api/v1/public/login"
PROFILE = "/api/v1/me/profile"

VALID = registration_form("eve", avatar_identifier="eve")
BODIES = {REGISTER: ("post", VALID), LOGIN: ("post", {"user_name": "ann", "password": "p"}), PROFILE: ("patch", {})}
EVERY_FIELD = ["/user_name", "/first_name", "/last_name", "/email", "/password", "/avatar_identifier"]
NO_TEXT = [5, 1.5, True, [], ["x"], {}, {"x": "y"}, 10**30, "\0", "a\0b", "\ud800", "a\udfffb", "\udc00\ud800"]
FORBIDDEN = [
    "\n",
    "a\tb",
    "\x1b[31m",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\ue000",
    "\U000e0041",
    "\U0010ffff",
    "x" * 5000,
    "",
]


def refused(signed_in: Any, path: str, body: Any) -> Any:
    method = BODIES[path][0]
    answer = getattr(signed_in, method)(path, data=json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert answer.mimetype == "application/problem+json"
    return [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.parametrize("value", NO_TEXT, ids=ascii)
@pytest.mark.parametrize(
    ("path", "field"),
    [(REGISTER, field) for field in VALID]
    + [(LOGIN, field) for field in ("user_name", "password")]
    + [(PROFILE, field) for field in ("bio", "phone", "address")],
)
def test_a_value_that_is_not_a_text_is_refused_by_the_name_of_its_field(
    shared_client: Any, path: str, field: str, value: Any
) -> None:
    assert refused(shared_client, path, BODIES[path][1] | {field: value}) == [f"/{field}"]


@pytest.mark.parametrize("value", FORBIDDEN, ids=ascii)
@pytest.mark.parametrize("field", ["user_name", "first_name", "last_name", "email", "avatar_identifier"])
def test_a_text_that_is_not_a_name_is_refused_by_the_name_of_its_field(
    shared_client: Any, field: str, value: str
) -> None:
    assert refused(shared_client, REGISTER, VALID | {field: value}) == [f"/{field}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_name", "eve@example.org"),
        ("user_name", "01890000-0000-7000-8000-000000000000"),
        ("user_name", "e ve"),
        ("email", "eve"),
        ("email", "eve@localhost"),
        ("email", "a@b@example.org"),
        ("email", "eve@example.org\r\nBcc: all@example.org"),
        ("email", "<script>@example.org"),
        ("password", "short"),
        ("password", "x" * 129),
        ("password", "tab\tin the password"),
        ("password", "Password1"),
        ("password", "Eve@example.org26"),
        ("avatar_identifier", "../../etc/passwd"),
        ("avatar_identifier", "a" * 65),
    ],
)
def test_a_value_against_the_rules_is_refused_by_the_name_of_its_field(
    shared_client: Any, field: str, value: str
) -> None:
    assert refused(shared_client, REGISTER, VALID | {field: value}) == [f"/{field}"]


@pytest.mark.parametrize("field", ["user_name", "first_name", "last_name", "email", "password"])
def test_a_field_that_is_needed_may_be_neither_missing_nor_null(shared_client: Any, field: str) -> None:
    assert refused(shared_client, REGISTER, {name: VALID[name] for name in VALID if name != field}) == [f"/{field}"]
    assert refused(shared_client, REGISTER, VALID | {field: None}) == [f"/{field}"]


def test_all_faults_are_reported_at_once(shared_client: Any) -> None:
    body = {"nickname": "x", "user_name": 5, "first_name": None, "email": "eve@example.org", "password": "\0"}

    assert refused(shared_client, REGISTER, body) == [
        "/nickname",
        "/user_name",
        "/first_name",
        "/last_name",
        "/password",
    ]


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (REGISTER, {"user_name": "e ve", "email": "eve", "password": "short", "avatar_identifier": "/"}, EVERY_FIELD),
        (PROFILE, {"phone": "call me", "bio": "b" * 1001, "address": 5}, ["/bio", "/phone", "/address"]),
        (PROFILE, {"phone": "call me", "fax": "1234"}, ["/fax", "/phone"]),
        ("/api/v1/me/password", {"new_password": "short"}, ["/current_password", "/new_password"]),
    ],
)
def test_a_text_against_the_rules_is_reported_beside_a_field_that_is_missing_or_no_text(
    shared_client: Any, path: str, body: dict[str, Any], pointers: list[str]
) -> None:
    answer = shared_client.open(path, method="PATCH" if path == PROFILE else "POST", json=body)

    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (422, pointers)


def test_a_rule_has_the_same_words_beside_a_field_that_is_missing(shared_client: Any) -> None:
    broken = {"user_name": "e ve", "first_name": "", "email": "eve", "password": "short", "avatar_identifier": "/"}
    answers = [
        shared_client.post(REGISTER, json=broken),
        shared_client.post(REGISTER, json={**broken, "last_name": "Lee"}),
    ]
    beside, alone = ({error["pointer"]: error["detail"] for error in answer.json["errors"]} for answer in answers)

    assert beside == {**alone, "/last_name": "is missing"}


def test_all_parts_of_a_url_that_are_not_valid_are_reported_at_once(shared_client: Any) -> None:
    answer = shared_client.get("/api/v1/me/sessions?limit=0&after=x")

    assert [error["parameter"] for error in answer.json["errors"]] == ["limit", "after"]


def test_faults_name_the_types_of_json(shared_client: Any) -> None:
    answer = shared_client.post(REGISTER, json={"user_name": 5, "avatar_identifier": [], "password": None})

    details = {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    assert details["/user_name"] == "must be a string, not an integer"
    assert details["/avatar_identifier"] == "must be a string or null, not an array"
    assert details["/password"] == "must be a string, not null"
    assert details["/email"] == "is missing"


def test_a_password_longer_than_any_that_can_be_set_is_not_normalised(shared_client: Any) -> None:
    # The worst case of Unicode normalisation: its cost is the square of the length.
    accents = "a" + "\u0301" * 4000 + "\u0327" * 4000

    assert refused(shared_client, LOGIN, {"user_name": "ann", "password": accents}) == ["/password"]
    assert shared_client.login("ann", "x" * 1024).status_code == 401


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("a/b~c", "/a~1b~0c"),
        ("", "/"),
        ("\ud800", "/?"),
        ("__class__", "/__class__"),
        ("role", "/role"),
        ("x" * 9000, "/" + "x" * 64),
        ("User_name", "/User_name"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("path", BODIES)
def test_an_unknown_field_is_refused_by_its_pointer(shared_client: Any, path: str, name: str, pointer: str) -> None:
    assert refused(shared_client, path, BODIES[path][1] | {name: "x"}) == [pointer]


def test_at_most_20_faults_are_reported(shared_client: Any) -> None:
    assert len(refused(shared_client, REGISTER, {str(number): 0 for number in range(5000)})) == 20


@pytest.mark.parametrize("body", [[], "x", 5, None, True, [VALID]], ids=ascii)
@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_not_an_object_is_refused_as_a_whole(shared_client: Any, path: str, body: Any) -> None:
    assert refused(shared_client, path, body) == [""]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"\0",
        b'{"user_name": "a\0b"}',
        b'{"user_name": "a\nb"}',
        b"{'user_name': 'a'}",
        b'{"user_name": "a",}',
        b"\xef\xbb\xbf{}",
        b'{"user_name": "\xff"}',
        b'{"user_name": "\xc0\x80"}',
        b'{"user_name": "\xed\xa0\x80"}',
        '{"user_name": "a"}'.encode("utf-16"),
        b'{"user_name": NaN}',
        b"-Infinity",
        b"Infinity",
        b"1" * 5000,
        b'{"user_name": "\\ud8"}',
        b'{"user_name": "a", "user_name": "b"}',
        b'{"user_name": {"a": 1, "a": 2}}',
        b"[" * 65_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"<user/>",
        b"user_name=a&password=b",
    ],
    ids=lambda body: ascii(body[:24]),
)
@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_not_json_is_malformed(shared_client: Any, path: str, body: bytes) -> None:
    answer = getattr(shared_client, BODIES[path][0])(path, data=body, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, "malformed_json")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"].startswith("the body ")


@pytest.mark.parametrize("number", [b"1e999", b"-0", b"1e-999", b"12345678901234567890123"])
def test_an_extreme_number_gets_a_plain_refusal(shared_client: Any, number: bytes) -> None:
    answer = shared_client.patch(PROFILE, data=b'{"bio": %s}' % number, content_type="application/json")

    assert [error["pointer"] for error in answer.json["errors"]] == ["/bio"]


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/problem+json",
        "json",
        "*/*",
    ],
)
@pytest.mark.parametrize("path", BODIES)
def test_a_body_of_another_media_type_is_not_read(shared_client: Any, path: str, media_type: str | None) -> None:
    method, body = BODIES[path]
    answer = getattr(shared_client, method)(path, data=json.dumps(body), content_type=media_type)

    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
    assert "application/json" in answer.headers["Accept-Post" if method == "post" else "Accept-Patch"]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;charset=utf8",
        "application/json; charset=utf-8;",
        "application/json; charset=iso-8859-1",
        "application/json; odata=verbose",
    ],
)
def test_json_is_taken_in_every_spelling_of_its_type(shared_client: Any, media_type: str) -> None:
    assert shared_client.post(LOGIN, data=b"[]", content_type=media_type).status_code == 422


def test_a_merge_patch_is_accepted_by_patch_only(shared_client: Any) -> None:
    assert shared_client.post(LOGIN, data=b"{}", content_type="application/merge-patch+json").status_code == 415


def test_a_compressed_body_is_not_unpacked(shared_client: Any) -> None:
    body = gzip.compress(json.dumps(VALID).encode())
    headers = {"Content-Encoding": "gzip"}

    assert shared_client.post(REGISTER, data=body, content_type="application/json", headers=headers).status_code == 415


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_breaks_off_is_malformed(shared_client: Any, path: str) -> None:
    options = {"content_type": "application/json", "environ_overrides": {"CONTENT_LENGTH": "100"}}
    answer = getattr(shared_client, BODIES[path][0])(path, data=b"{}", **options)

    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("with_length", [True, False], ids=["with Content-Length", "in pieces"])
@pytest.mark.parametrize("path", BODIES)
def test_a_body_has_at_most_64_kib(shared_client: Any, path: str, with_length: bool) -> None:
    def answer_to(size: int) -> Any:
        body = json.dumps({"x": "y"}).ljust(size).encode()
        options: dict[str, Any] = {} if with_length else {"environ_overrides": {"wsgi.input_terminated": True}}
        if not with_length:
            options["content_length"] = None
        return getattr(shared_client, BODIES[path][0])(path, data=body, content_type="application/json", **options)

    answer = answer_to(65_537)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert answer_to(65_536).status_code == 422
