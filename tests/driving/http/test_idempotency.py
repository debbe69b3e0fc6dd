from datetime import timedelta
from typing import Any

import pytest

from hexaccount.accounts.users import Users
from hexaccount.idempotency.idempotency_keys import IdempotencyKeys
from tests.people import PASSWORD

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def users(client: Any) -> int:
    with client.service.store.unit_of_work() as uow:
        return len(Users(uow).page(limit=100, after=None))


def test_the_same_request_with_the_same_key_gets_the_same_answer(client: Any) -> None:
    first, again = client.register(headers=KEY), client.register(headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.data, again.headers["Location"]) == (first.data, first.headers["Location"])
    assert users(client) == 1


def test_without_a_key_the_same_request_is_refused(client: Any) -> None:
    client.register(headers=KEY)

    answer = client.register()

    assert (answer.status_code, answer.json["code"]) == (409, "user_name_taken")


def test_a_key_is_the_same_with_and_without_quotation_marks(client: Any) -> None:
    first = client.register(headers={"Idempotency-Key": r'"a-key"'})

    assert client.register(headers={"Idempotency-Key": "a-key"}).json == first.json


@pytest.mark.parametrize(
    "changes",
    [
        {"user_name": "bob"},
        {"user_name": "Ann"},
        {"email": "other@example.org"},
        {"first_name": "Anna"},
        {"last_name": "Leigh"},
        {"avatar_identifier": "tree"},
        {"password": PASSWORD + "!"},
    ],
    ids=lambda changes: next(iter(changes.items())),
)
def test_another_request_with_the_key_is_refused(client: Any, changes: dict[str, str]) -> None:
    client.register(headers=KEY)

    answer = client.register(**{"user_name": "ann", "email": "ann@example.org", **changes}, headers=KEY)

    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert PASSWORD not in answer.text
    assert users(client) == 1


def test_a_refused_request_releases_its_key(client: Any) -> None:
    client.register()
    assert client.register(headers=KEY).status_code == 409

    assert client.register("bob", headers=KEY).status_code == 201


def test_an_invalid_request_does_not_use_its_key_up(client: Any) -> None:
    assert client.register(password="short", headers=KEY).status_code == 422

    assert client.register(headers=KEY).status_code == 201


def test_a_request_in_flight_gets_a_409_with_retry_after(client: Any) -> None:
    parts = client.service.container
    keys = IdempotencyKeys(
        unit_of_work=client.service.store.unit_of_work,
        fingerprints=parts.fingerprints(),
        clock=parts.clock(),
        lifetime=timedelta(days=1),
    )
    keys.claim("key", ["ann", "ann@example.org", "Ann", "Lee", None, "user"])

    answer = client.register(headers={"Idempotency-Key": "key"})

    assert (answer.status_code, answer.json["code"]) == (409, "request_in_flight")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("key", ["k", "x" * 128, f'"{"x" * 128}"', '"a\\"b\\\\c"', "a/b+c=", '"a;b,c"'])
def test_a_key_may_be_of_up_to_128_visible_characters(client: Any, key: str) -> None:
    first = client.register(headers={"Idempotency-Key": key})

    assert first.status_code == 201
    assert client.register(headers={"Idempotency-Key": key}).data == first.data


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        '"',
        "x" * 129,
        f'"{"x" * 129}"',
        '"a b"',
        "a b",
        "a, b",
        '"a", "b"',
        '"a\\b"',
        '"a"b',
        '"a";p=1',
        "\xe9",
    ],
)
def test_a_malformed_key_is_refused_by_its_header(client: Any, key: str) -> None:
    answer = client.register(headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json["code"]) == (400, "malformed_header")
    assert "Idempotency-Key" in answer.json["detail"]
    assert users(client) == 0
