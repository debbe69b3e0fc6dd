"""The metadata of the authorization server (RFC 8414) says what is true today."""

from collections.abc import Callable
from typing import Any

import pytest

PATH = "/.well-known/oauth-authorization-server"


@pytest.fixture
def public(make_client: Callable[..., Any]) -> Any:
    return make_client(public_url="https://accounts.example.org")


def test_it_names_the_issuer_and_its_keys_and_no_endpoint_or_grant(public: Any) -> None:
    answer = public.get(PATH)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {
        "issuer": "https://accounts.example.org",
        "jwks_uri": "https://accounts.example.org/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": [],
    }


def test_it_is_cached_like_the_keys_and_any_site_may_use_it(public: Any) -> None:
    answer, keys = public.get(PATH), public.get("/.well-known/jwks.json")
    for name in ("Cache-Control", "Cross-Origin-Resource-Policy", "RateLimit-Policy"):
        assert answer.headers.getlist(name) == keys.headers.getlist(name) != []
    assert public.get(PATH, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_service_that_does_not_know_its_url_has_none(client: Any) -> None:
    answer = client.get(PATH, headers={"Host": "accounts.example.org"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
