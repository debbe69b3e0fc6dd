from collections.abc import Callable
from typing import Any

import pytest

from hexaccount_avatar import PillowAvatarArtist

PATH = "/api/v1/public/avatar/"


class CountingArtist(PillowAvatarArtist):
    """The real artist, which records the identifiers that it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

    def draw(self, identifier: str) -> bytes:
        self.drawn.append(identifier)
        return super().draw(identifier)


def test_a_picture_is_a_png_that_caches_may_keep_for_ever_and_any_site_may_show(client: Any) -> None:
    answer = client.get(PATH + "ann")

    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert answer.headers["ETag"].startswith('"')


def test_one_identifier_has_one_picture_and_another_has_another(client: Any) -> None:
    first, again, other = (client.get(PATH + identifier) for identifier in ("ann", "ann", "Ann"))

    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert other.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_client_with_the_picture_gets_a_304(client: Any, form: str) -> None:
    tag = client.get(PATH + "ann").headers["ETag"]

    answer = client.get(PATH + "ann", headers={"If-None-Match": form.format(tag)})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Content-Type" not in answer.headers


def test_a_client_with_another_picture_gets_this_one(client: Any) -> None:
    assert client.get(PATH + "ann", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_repeated_request_draws_no_second_picture(make_client: Callable[..., Any]) -> None:
    artist = CountingArtist()
    client = make_client(artist=artist)

    for identifier in ("a", "b", "a", "b"):
        client.get(PATH + identifier)

    assert artist.drawn == ["a", "b"]


@pytest.mark.parametrize("identifier", ["a" * 65, "a b", "a%00b", "é", "a%0Ab", "%F0%9F", "<svg>"])
def test_an_invalid_identifier_is_refused_by_its_name_and_not_drawn(
    make_client: Callable[..., Any], identifier: str
) -> None:
    artist = CountingArtist()

    answer = make_client(artist=artist).get(PATH + identifier)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["identifier"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert artist.drawn == []


def test_a_head_request_returns_the_headers_of_the_picture_only(client: Any) -> None:
    whole = client.get(PATH + "ann")
    answer = client.head(PATH + "ann")

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(whole.data))
