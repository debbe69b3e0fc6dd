from datetime import timedelta
from typing import Any

import jwt
import pytest

from hexaccount.signing_keys.add_key import AddKey
from hexaccount.signing_keys.retire_key import RetireKey

PATH = "/.well-known/jwks.json"


def add(client: Any, algorithm: str = "EdDSA", signs_after: int = 0) -> str:
    added = client.service.bus.handle(AddKey(algorithm=algorithm, signs_after=timedelta(seconds=signs_after)))
    return str(added.kid)


def test_a_service_with_a_secret_alone_publishes_no_key(client: Any) -> None:
    answer = client.get(PATH)

    assert (answer.status_code, answer.json) == (200, {"keys": []})
    assert answer.mimetype == "application/jwk-set+json"


def test_caches_may_keep_the_keys_for_five_minutes_and_any_site_may_use_them(client: Any) -> None:
    answer = client.get(PATH)

    assert answer.headers.getlist("Cache-Control") == ["public, max-age=300"]
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_key_is_published_before_it_signs_and_verifies_its_tokens(client: Any, algorithm: str) -> None:
    add(client, "ES256", signs_after=300)
    kid = add(client, algorithm)
    client.register()
    client.sign_in()
    token = client.headers["Authorization"].removeprefix("Bearer ")
    published = jwt.PyJWKSet.from_dict(client.get(PATH).json)

    assert len(published.keys) == 2
    read = jwt.decode(token, published[kid], [algorithm], audience="hexaccount", issuer="hexaccount")
    assert read["epoch"] == 0
    assert client.get("/api/v1/me").status_code == 200


def test_no_private_part_and_no_secret_is_published(client: Any) -> None:
    for algorithm in ("EdDSA", "ES256", "RS256", "HS256"):
        add(client, algorithm)
    keys = client.get(PATH).json["keys"]

    assert {key["alg"] for key in keys} == {"EdDSA", "ES256", "RS256"}
    assert {member for key in keys for member in key} == {"alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"}


def test_a_retired_key_stays_published_while_its_tokens_live(client: Any) -> None:
    first, second = add(client), add(client)
    client.service.bus.handle(RetireKey(kid=first))

    assert {key["kid"] for key in client.get(PATH).json["keys"]} == {first, second}


def test_a_client_with_the_keys_gets_a_304_until_they_change(client: Any) -> None:
    tag = client.get(PATH).headers["ETag"]
    answer = client.get(PATH, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    add(client)
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 200
