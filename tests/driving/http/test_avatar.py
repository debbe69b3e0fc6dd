from collections.abc import Callable
from typing import Any

import pytest

from hexaccount_avatar import PillowAvatarArtist

PATH = "/api/v1/public/avatar/"


class CountingArtist(PillowAvatarArtist):
    """The real artist, who remembers what was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

    def draw(self, identifier: str) -> bytes:
        self.drawn.append(identifier)
        return super().draw(identifier)


def test_a_picture_is_a_png_that_anybody_may_keep_for_ever_and_show_anywhere(visitor: Any) -> None:
    answer = visitor.get(PATH + "ann")

    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert answer.headers["ETag"].startswith('"')


def test_one_identifier_has_one_picture_and_another_has_another(visitor: Any) -> None:
    first, again, other = (visitor.get(PATH + identifier) for identifier in ("ann", "ann", "Ann"))

    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert other.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_who_has_the_picture_is_not_sent_it_again(visitor: Any, form: str) -> None:
    tag = visitor.get(PATH + "ann").headers["ETag"]

    answer = visitor.get(PATH + "ann", headers={"If-None-Match": form.format(tag)})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Content-Type" not in answer.headers


def test_who_has_another_picture_is_sent_this_one(visitor: Any) -> None:
    assert visitor.get(PATH + "ann", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_picture_asked_for_again_is_not_drawn_again(visit: Callable[..., Any]) -> None:
    artist = CountingArtist()
    visitor = visit(artist=artist)

    for identifier in ("a", "b", "a", "b"):
        visitor.get(PATH + identifier)

    assert artist.drawn == ["a", "b"]


@pytest.mark.parametrize("identifier", ["a" * 65, "a b", "a%00b", "é", "a%0Ab", "%F0%9F", "<svg>"])
def test_an_identifier_that_cannot_be_is_refused_by_name_and_not_drawn(
    visit: Callable[..., Any], identifier: str
) -> None:
    artist = CountingArtist()

    answer = visit(artist=artist).get(PATH + identifier)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["identifier"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert artist.drawn == []


def test_a_head_request_tells_of_the_picture_without_sending_it(visitor: Any) -> None:
    whole = visitor.get(PATH + "ann")
    answer = visitor.head(PATH + "ann")

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(whole.data))
