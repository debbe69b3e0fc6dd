import re
from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.bootstrap.settings import LimitSettings, MailSettings
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.ports import MailMessage
from hexaccount.testing.api_client import ApiClient
from hexaccount_granian.client_address import ClientAddresses
from tests.people import PASSWORD

BASE = "https://accounts.example.org/account"
MAIL = MailSettings(url="memory://", link_base=BASE)
NEW = "a new and longer password"
RECOVERY = "/api/v1/public/recovery"
VERIFY = "/api/v1/public/verify"
AGAIN = "/api/v1/me/verification"


@pytest.fixture
def client(make_client: Callable[..., ApiClient]) -> ApiClient:
    """Return the client of a service with mail, where Ann has registered and got the message about it."""
    client = make_client(mail=MAIL)
    client.register()
    client.service.deliver_all()
    return client


def messages(client: ApiClient) -> list[MailMessage]:
    """Return what was sent, oldest first."""
    return [each.message for each in reversed(client.service.container.mailer().messages())]


def token(client: ApiClient) -> str:
    """Return the token of the newest message."""
    client.service.deliver_all()
    link = re.search(rf"{BASE}/\w+#({OneTimeToken.pattern})", messages(client)[-1].words.text)
    assert link
    return link[1]


def ask(client: ApiClient, name: Any = "ann", **options: Any) -> Any:
    return client.post(RECOVERY, json={"user_name": name}, **options)


def complete(client: ApiClient, text: Any, password: Any = NEW) -> Any:
    return client.post(f"{RECOVERY}/complete", json={"token": text, "password": password})


def test_a_forgotten_password_is_replaced_by_the_token_of_a_message(client: ApiClient) -> None:
    answer = ask(client)
    completed = complete(client, token(client))

    assert (answer.status_code, answer.data) == (202, b"")
    assert (completed.status_code, completed.data) == (204, b"")
    assert client.login(password=NEW).status_code == 200
    assert client.login(password=PASSWORD).status_code == 401


def test_the_address_is_a_name_too(client: ApiClient) -> None:
    assert ask(client, "Ann@example.org").status_code == 202
    assert complete(client, token(client)).status_code == 204


@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "", "\n", "a" * 5000])
def test_a_name_that_no_account_has_gets_the_same_answer_and_no_message(client: ApiClient, name: str) -> None:
    before = len(messages(client))
    known, unknown = ask(client), ask(client, name)
    client.service.deliver_all()

    def shape(answer: Any) -> Any:
        headers = {name: text for name, text in answer.headers if name not in {"X-Request-ID", "RateLimit"}}
        return answer.status_code, answer.data, headers

    assert shape(known) == shape(unknown)
    assert len(messages(client)) == before + 1


@pytest.mark.parametrize("text", ["", "hxo_", "hxo_" + "A" * 64, "é", "x" * 256])
def test_a_text_that_is_no_token_is_refused(client: ApiClient, text: str) -> None:
    for answer in (complete(client, text), client.post(VERIFY, json={"token": text})):
        assert (answer.status_code, answer.json["code"]) == (401, "invalid_one_time_token")
        assert "ask for a new message" in answer.json["detail"]
    assert client.login().status_code == 200


def test_a_weak_password_is_reported_at_its_field_and_leaves_the_token(client: ApiClient) -> None:
    ask(client)
    text = token(client)
    answer = complete(client, text, "ann-lee-1")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/password"]
    assert complete(client, text).status_code == 204


def test_a_user_verifies_the_address(client: ApiClient) -> None:
    text = token(client)
    client.sign_in()

    assert client.get("/api/v1/me").json["data"]["email_verified"] is False
    assert client.post(VERIFY, json={"token": text}).status_code == 204
    assert client.get("/api/v1/me").json["data"]["email_verified"] is True
    assert client.post(VERIFY, json={"token": text}).status_code == 401


def test_the_message_is_sent_again_and_not_to_who_has_verified(client: ApiClient) -> None:
    client.sign_in()
    before = len(messages(client))

    assert client.post(AGAIN).status_code == 202
    text = token(client)
    assert len(messages(client)) == before + 1
    client.post(VERIFY, json={"token": text})
    assert client.post(AGAIN).status_code == 202
    client.service.deliver_all()
    assert len(messages(client)) == before + 1


def test_sending_again_needs_a_session_and_is_limited(make_client: Callable[..., ApiClient]) -> None:
    client = make_client(mail=MAIL, limits=LimitSettings())
    client.register()
    assert client.post(AGAIN).status_code == 401
    client.sign_in()

    assert [client.post(AGAIN).status_code for _ in range(4)] == [202, 202, 202, 429]


def test_what_a_network_may_ask_for_is_limited_whatever_it_asks_for(make_client: Callable[..., ApiClient]) -> None:
    client = make_client(mail=MAIL, limits=LimitSettings(), client_addresses=ClientAddresses(["127.0.0.1"]))
    answers = [ask(client, f"name{number}", headers={"X-Forwarded-For": "203.0.113.7"}) for number in range(21)]

    assert [answer.status_code for answer in answers] == [202] * 20 + [429]
    assert ask(client, headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 202


def test_a_service_without_mail_says_so(make_client: Callable[..., ApiClient]) -> None:
    client = make_client()
    client.register()
    client.sign_in()

    for answer in (ask(client), client.post(AGAIN)):
        assert (answer.status_code, answer.json["code"]) == (404, "mail_not_configured")
        assert "mail.url" in answer.json["detail"]


def test_the_link_carries_the_token_in_its_fragment_whatever_the_host_header_says(client: ApiClient) -> None:
    ask(client, headers={"Host": "evil.example.com"})
    token(client)

    text = messages(client)[-1].words.text
    assert "evil" not in text
    assert re.search(rf"{BASE}/recovery#hxo_", text)
