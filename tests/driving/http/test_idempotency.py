from datetime import timedelta
from typing import Any

import pytest

from hexaccount.idempotency.idempotency_keys import IdempotencyKeys
from tests.driving.http.conftest import PASSWORD

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def users(visitor: Any) -> int:
    with visitor.service.store.unit_of_work() as uow:
        return len(uow.users.page(limit=100, after=None))


def test_the_same_request_with_the_same_key_gets_the_same_answer(visitor: Any) -> None:
    first, again = visitor.register(headers=KEY), visitor.register(headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.data, again.headers["Location"]) == (first.data, first.headers["Location"])
    assert users(visitor) == 1


def test_without_a_key_the_same_request_is_refused(visitor: Any) -> None:
    visitor.register(headers=KEY)

    answer = visitor.register()

    assert (answer.status_code, answer.json["code"]) == (409, "user_name_taken")


def test_a_key_is_the_same_with_and_without_quotation_marks(visitor: Any) -> None:
    first = visitor.register(headers={"Idempotency-Key": r'"a-key"'})

    assert visitor.register(headers={"Idempotency-Key": "a-key"}).json == first.json


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
def test_another_request_with_the_key_is_refused(visitor: Any, changes: dict[str, str]) -> None:
    visitor.register(headers=KEY)

    answer = visitor.register(**{"user_name": "ann", "email": "ann@example.org", **changes}, headers=KEY)

    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert PASSWORD not in answer.text
    assert users(visitor) == 1


def test_a_refused_request_gives_its_key_back(visitor: Any) -> None:
    visitor.register()
    assert visitor.register(headers=KEY).status_code == 409

    assert visitor.register("bob", headers=KEY).status_code == 201


def test_an_invalid_request_does_not_use_its_key_up(visitor: Any) -> None:
    assert visitor.register(password="short", headers=KEY).status_code == 422

    assert visitor.register(headers=KEY).status_code == 201


def test_a_request_that_is_still_in_hand_is_told_with_when_to_try_again(visitor: Any) -> None:
    parts = visitor.service.container
    keys = IdempotencyKeys(
        unit_of_work=visitor.service.store.unit_of_work,
        fingerprints=parts.fingerprints(),
        clock=parts.clock(),
        lifetime=timedelta(days=1),
    )
    keys.claim("key", ["ann", "ann@example.org", "Ann", "Lee", None, "user"])

    answer = visitor.register(headers={"Idempotency-Key": "key"})

    assert (answer.status_code, answer.json["code"]) == (409, "request_in_flight")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("key", ["k", "x" * 128, f'"{"x" * 128}"', '"a\\"b\\\\c"', "a/b+c=", '"a;b,c"'])
def test_a_key_may_be_of_up_to_128_visible_characters(visitor: Any, key: str) -> None:
    first = visitor.register(headers={"Idempotency-Key": key})

    assert first.status_code == 201
    assert visitor.register(headers={"Idempotency-Key": key}).data == first.data


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
def test_a_malformed_key_is_refused_by_its_header(visitor: Any, key: str) -> None:
    answer = visitor.register(headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json["code"]) == (400, "malformed_header")
    assert "Idempotency-Key" in answer.json["detail"]
    assert users(visitor) == 0
