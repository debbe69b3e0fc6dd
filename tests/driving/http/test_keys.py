from datetime import timedelta
from typing import Any

import jwt
import pytest

from hexaccount.signing_keys.add_key import AddKey
from hexaccount.signing_keys.retire_key import RetireKey

PATH = "/.well-known/jwks.json"


def add(visitor: Any, algorithm: str = "EdDSA", signs_after: int = 0) -> str:
    added = visitor.service.bus.handle(AddKey(algorithm=algorithm, signs_after=timedelta(seconds=signs_after)))
    return str(added.kid)


def test_a_service_with_a_secret_alone_publishes_no_key(visitor: Any) -> None:
    answer = visitor.get(PATH)

    assert (answer.status_code, answer.json) == (200, {"keys": []})
    assert answer.mimetype == "application/jwk-set+json"


def test_anybody_may_keep_the_keys_for_five_minutes_and_use_them_anywhere(visitor: Any) -> None:
    answer = visitor.get(PATH)

    assert answer.headers.getlist("Cache-Control") == ["public, max-age=300"]
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_published_key_is_there_before_it_signs_and_checks_its_tokens(visitor: Any, algorithm: str) -> None:
    add(visitor, "ES256", signs_after=300)
    kid = add(visitor, algorithm)
    visitor.register()
    visitor.sign_in()
    token = visitor.headers["Authorization"].removeprefix("Bearer ")
    published = jwt.PyJWKSet.from_dict(visitor.get(PATH).json)

    assert len(published.keys) == 2
    read = jwt.decode(token, published[kid], [algorithm], audience="hexaccount", issuer="hexaccount")
    assert read["epoch"] == 0
    assert visitor.get("/api/v1/me").status_code == 200


def test_no_private_part_and_no_secret_is_published(visitor: Any) -> None:
    for algorithm in ("EdDSA", "ES256", "RS256", "HS256"):
        add(visitor, algorithm)
    keys = visitor.get(PATH).json["keys"]

    assert {key["alg"] for key in keys} == {"EdDSA", "ES256", "RS256"}
    assert {member for key in keys for member in key} == {"alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"}


def test_a_retired_key_stays_published_while_its_tokens_live(visitor: Any) -> None:
    first, second = add(visitor), add(visitor)
    visitor.service.bus.handle(RetireKey(kid=first))

    assert {key["kid"] for key in visitor.get(PATH).json["keys"]} == {first, second}


def test_who_has_the_keys_is_not_sent_them_again_until_they_change(visitor: Any) -> None:
    tag = visitor.get(PATH).headers["ETag"]
    answer = visitor.get(PATH, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    add(visitor)
    assert visitor.get(PATH, headers={"If-None-Match": tag}).status_code == 200
