import base64
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import msgspec
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.sessions.sessions import Sessions
from hexaccount_granian.client_address import ClientAddresses
from tests.people import PASSWORD, WRONG_PASSWORD


def test_a_registration_answers_201_with_the_id_of_the_account(client: Any) -> None:
    answer = client.register()

    assert answer.status_code == 201
    assert UUID(answer.json["data"]["id"]).version == 7
    assert urljoin("https://example.org/a/prefix/api/v1/public/register", answer.headers["Location"]) == (
        "https://example.org/a/prefix/api/v1/me"
    )


def test_a_registered_user_logs_in_gets_their_account_and_logs_out(client: Any) -> None:
    new = client.register(avatar_identifier="my.picture").json["data"]["id"]
    client.sign_in()

    me = client.get("/api/v1/me").json["data"]
    assert me.pop("registered_at").endswith("Z")
    assert me == {
        "id": new,
        "user_name": "ann",
        "email": "ann@example.org",
        "email_verified": False,
        "first_name": "Ann",
        "last_name": "Lee",
        "avatar_identifier": "my.picture",
        "roles": ["user"],
        "disabled": False,
        "permissions": [],
    }
    logout = client.post("/api/v1/public/logout")
    assert (logout.status_code, logout.data) == (204, b"")
    assert "Content-Type" not in logout.headers
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "other@example.org", "user_name": "ANN"}, "user_name"), ({"user_name": "other"}, "email")],
)
def test_a_taken_name_or_address_is_a_conflict_that_names_the_field(client: Any, changes: Any, field: str) -> None:
    client.register()

    answer = client.register(**({"email": "ann@example.org"} | changes))

    assert (answer.status_code, answer.json["code"]) == (409, f"{field}_taken")
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{field}"]


def test_when_both_are_taken_the_refusal_names_the_user_name(client: Any) -> None:
    client.register()

    assert client.register().json["code"] == "user_name_taken"


def test_registering_as_an_admin_is_refused(client: Any) -> None:
    answer = client.register(role="admin")

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/role", "detail": "is not a field here"}]


def test_a_login_gives_the_token_in_the_body_and_in_a_header_and_is_not_stored(client: Any) -> None:
    client.register()

    answer = client.login()

    data = answer.json["data"]
    assert answer.status_code == 200
    assert data.keys() == {"access", "token_type", "expires_in", "refresh", "device"}
    assert (data["token_type"], data["expires_in"]) == ("Bearer", 900)
    assert answer.headers["Authorization"] == f"Bearer {data['access']}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_email_address_logs_in_too(client: Any) -> None:
    client.register()

    assert client.login("ANN@Example.org").status_code == 200


def test_two_devices_stay_logged_in_and_leave_one_by_one(client: Any) -> None:
    client.register()
    first, second = ({"Authorization": client.login().headers["Authorization"]} for _ in range(2))

    client.post("/api/v1/public/logout", headers=first)

    assert client.get("/api/v1/me", headers=first).status_code == 401
    assert client.get("/api/v1/me", headers=second).status_code == 200


def test_failed_logins_answer_alike_to_the_byte_whatever_is_wrong(client: Any) -> None:
    client.register()
    client.register("bob")
    locked = client.register("eve").json["data"]["id"]
    client.service.bus.handle(DisableUser(user_id=UUID(locked)))
    logins = [
        ("nobody", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("no\tname \u202e", PASSWORD),
        ("", PASSWORD),
        ("n" * 5000, PASSWORD),
        ("ann", WRONG_PASSWORD),
        ("bob", ""),
        ("eve", PASSWORD),
    ]

    # From an address of its own, so that the rate limit is equally used.
    answers = [
        client.login(name, password, headers={"X-Request-ID": "one"}, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number, (name, password) in enumerate(logins, start=1)
    ]

    assert len({(answer.status, str(answer.headers), answer.data) for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].json["code"]) == (401, "wrong_credentials")
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'


def test_disabling_an_account_ends_its_sessions_at_once(client: Any) -> None:
    user_id = client.register().json["data"]["id"]
    client.sign_in()

    client.service.bus.handle(DisableUser(user_id=UUID(user_id)))

    assert client.get("/api/v1/me").json["code"] == "invalid_token"


def test_a_login_records_the_client_behind_a_trusted_proxy(make_client: Callable[..., Any]) -> None:
    client = make_client(client_addresses=ClientAddresses(["127.0.0.1"]))
    client.register()
    answer = client.login(headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "User-Agent": "Browser 1"})

    session = _session_of(answer.json["data"]["access"], client)

    assert (session.client_address, session.user_agent) == ("203.0.113.7", "Browser 1")


def test_a_login_ignores_a_forwarded_address_without_a_trusted_proxy(client: Any) -> None:
    client.register()
    answer = client.login(headers={"X-Forwarded-For": "6.6.6.6"})

    assert _session_of(answer.json["data"]["access"], client).client_address == "127.0.0.1"


def test_more_logins_than_may_wait_get_a_503_with_retry_after(make_client: Callable[..., Any]) -> None:
    client = make_client(password={"queue": 0})
    client.register()
    pool = client.service.container.hashing_pool()
    go_on = Event()
    slots = pool._slots
    threads = [Thread(target=pool.run, args=(go_on.wait,)) for _ in range(slots)]
    for thread in threads:
        thread.start()
    try:
        while pool.running < slots:
            pass
        answer = client.login()
    finally:
        go_on.set()
        for thread in threads:
            thread.join()

    assert (answer.status_code, answer.json["code"]) == (503, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1


def _session_of(token: str, client: Any) -> Any:
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    with client.service.store.unit_of_work() as uow:
        return Sessions(uow).find(UUID(claims["sid"]))
