import base64
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hexaccount.accounts.disable_user import DisableUser


def test_a_registration_answers_201_with_the_id_of_the_account(visitor: Any) -> None:
    answer = visitor.register()

    assert answer.status_code == 201
    assert UUID(answer.json["data"]["id"]).version == 7
    assert answer.headers["Location"] == "/api/v1/me"


def test_a_registered_person_logs_in_sees_themselves_and_logs_out(visitor: Any) -> None:
    new = visitor.register(avatar_identifier="my.picture").json["data"]["id"]
    visitor.sign_in()

    me = visitor.get("/api/v1/me").json["data"]
    assert me.pop("registered_at").endswith("Z")
    assert me == {
        "id": new,
        "user_name": "ann",
        "email": "ann@example.org",
        "first_name": "Ann",
        "last_name": "Lee",
        "avatar_identifier": "my.picture",
        "roles": ["user"],
        "disabled": False,
    }
    logout = visitor.post("/api/v1/public/logout")
    assert (logout.status_code, logout.data) == (204, b"")
    assert "Content-Type" not in logout.headers
    assert visitor.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "other@example.org", "user_name": "ANN"}, "user_name"), ({"user_name": "other"}, "email")],
)
def test_a_taken_name_or_address_is_a_conflict_that_names_the_field(visitor: Any, changes: Any, field: str) -> None:
    visitor.register()

    answer = visitor.register(**({"email": "ann@example.org"} | changes))

    assert (answer.status_code, answer.json["code"]) == (409, f"{field}_taken")
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{field}"]


def test_when_both_are_taken_the_refusal_names_the_user_name(visitor: Any) -> None:
    visitor.register()

    assert visitor.register().json["code"] == "user_name_taken"


def test_nobody_registers_as_an_admin(visitor: Any) -> None:
    answer = visitor.register(role="admin")

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/role", "detail": "is not a field here"}]


def test_a_login_gives_the_token_in_the_body_and_in_a_header_and_is_not_stored(visitor: Any) -> None:
    visitor.register()

    answer = visitor.login()

    data = answer.json["data"]
    assert answer.status_code == 200
    assert data.keys() == {"access", "token_type", "expires_in", "refresh", "device"}
    assert (data["token_type"], data["expires_in"]) == ("Bearer", 900)
    assert answer.headers["Authorization"] == f"Bearer {data['access']}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_email_address_logs_in_too(visitor: Any) -> None:
    visitor.register()

    assert visitor.login("ANN@Example.org").status_code == 200


def test_two_devices_stay_logged_in_and_leave_one_by_one(visitor: Any) -> None:
    visitor.register()
    first, second = ({"Authorization": visitor.login().headers["Authorization"]} for _ in range(2))

    visitor.post("/api/v1/public/logout", headers=first)

    assert visitor.get("/api/v1/me", headers=first).status_code == 401
    assert visitor.get("/api/v1/me", headers=second).status_code == 200


def test_failed_logins_answer_alike_to_the_byte_whatever_is_wrong(visitor: Any) -> None:
    visitor.register()
    visitor.register("bob")
    locked = visitor.register("eve").json["data"]["id"]
    visitor.service.bus.handle(DisableUser(user_id=UUID(locked)))
    same = {"headers": {"X-Request-ID": "one"}}

    answers = [
        visitor.login("nobody", **same),
        visitor.login("nobody@example.org", **same),
        visitor.login("no\tname \u202e", **same),
        visitor.login("", **same),
        visitor.login("n" * 5000, **same),
        visitor.login("ann", "wrong password", **same),
        visitor.login("bob", "", **same),
        visitor.login("eve", **same),
    ]

    assert len({(answer.status, str(answer.headers), answer.data) for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].json["code"]) == (401, "wrong_credentials")
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'


def test_disabling_an_account_ends_its_sessions_at_once(visitor: Any) -> None:
    user_id = visitor.register().json["data"]["id"]
    visitor.sign_in()

    visitor.service.bus.handle(DisableUser(user_id=UUID(user_id)))

    assert visitor.get("/api/v1/me").json["code"] == "invalid_token"


def test_a_login_remembers_the_client_behind_a_trusted_proxy(visit: Callable[..., Any]) -> None:
    visitor = visit(trusted_proxies=["127.0.0.1"])
    visitor.register()
    answer = visitor.login(headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "User-Agent": "Browser 1"})

    session = _session_of(answer.json["data"]["access"], visitor)

    assert (session.client_address, session.user_agent) == ("203.0.113.7", "Browser 1")


def test_a_login_believes_no_forwarded_address_without_a_trusted_proxy(visitor: Any) -> None:
    visitor.register()
    answer = visitor.login(headers={"X-Forwarded-For": "6.6.6.6"})

    assert _session_of(answer.json["data"]["access"], visitor).client_address == "127.0.0.1"


def test_more_logins_than_may_wait_are_told_to_come_back(visit: Callable[..., Any]) -> None:
    visitor = visit(password={"queue": 0})
    visitor.register()
    lane = visitor.service.container.lane()
    go_on = Event()
    slots = lane._slots
    threads = [Thread(target=lane.run, args=(go_on.wait,)) for _ in range(slots)]
    for thread in threads:
        thread.start()
    try:
        while lane.running < slots:
            pass
        answer = visitor.login()
    finally:
        go_on.set()
        for thread in threads:
            thread.join()

    assert (answer.status_code, answer.json["code"]) == (503, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1


def _session_of(token: str, visitor: Any) -> Any:
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    with visitor.service.store.unit_of_work() as uow:
        return uow.sessions.find(UUID(claims["sid"]))
