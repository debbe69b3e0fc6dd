"""Successful answers: each kind is a class, which a view names as what it returns and the document describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from flask import Response

from hexaccount_flask.entity_tags import is_known
from hexaccount_flask.models import AccessModel, Answer, ListAnswer, Page

M = TypeVar("M", bound=msgspec.Struct)
HeaderPairs = tuple[tuple[str, str], ...]

JSON = "application/json"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which an operation succeeds: `content` is the type of the body by its media type."""

    status: int
    meaning: str
    content: Mapping[str, Any]
    headers: Sequence[str] = ()


class Stated(Response):
    """An answer whose kind says what it may be."""

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        """Return the ways in which an operation succeeds whose answer is of this kind, parametrised by `of`."""
        raise NotImplementedError


class Ok(Stated, Generic[M]):
    """A model as JSON."""

    success: ClassVar[int] = 200
    tells: ClassVar[Sequence[str]] = ()

    def __init__(self, model: M, headers: HeaderPairs = ()) -> None:
        super().__init__(_encode(Answer(model)), self.success, headers or None, content_type=JSON)

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        (model,) = of
        return [Outcome(cls.success, _meaning(model), {JSON: Answer[model]}, cls.tells)]


class Created(Ok[M]):
    """A model of what is new as JSON."""

    success = 201
    tells = ("Location",)

    def __init__(self, model: M, location: str) -> None:
        super().__init__(model, (("Location", location),))


class Granted(Ok[AccessModel]):
    """Access, in the body and once more as clients have to send it."""

    tells = ("Authorization",)

    def __init__(self, model: AccessModel) -> None:
        super().__init__(model, (("Authorization", f"Bearer {model.access}"),))

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        return super().outcomes([AccessModel, *of])


class Versioned(Ok[M]):
    """A model as JSON with its entity tag."""

    tells = ("ETag",)

    def __init__(self, model: M, tag: str) -> None:
        super().__init__(model, (("ETag", tag),))


class Tagged(Stated, Generic[M]):
    """A model as JSON with its entity tag, or a mere 304 where the request says that the client has it."""

    def __init__(self, model: M, tag: str, if_none_match: str | None) -> None:
        if if_none_match is not None and is_known(if_none_match, tag):
            super().__init__(status=304, headers=(("ETag", tag),))
            del self.headers["Content-Type"]
        else:
            super().__init__(_encode(Answer(model)), headers=(("ETag", tag),), content_type=JSON)

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        (model,) = of
        return [Outcome(200, _meaning(model), {JSON: Answer[model]}, ("ETag",)), _NOT_MODIFIED]


class Listed(Stated, Generic[M]):
    """A page of a list as JSON."""

    def __init__(self, models: list[M], following: str | None) -> None:
        super().__init__(_encode(ListAnswer(models, Page(following))), content_type=JSON)

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        (model,) = of
        return [Outcome(200, "One page of the list.", {JSON: ListAnswer[model]})]


class Done(Stated):
    """An answer that has no content, and so no type of content."""

    def __init__(self) -> None:
        super().__init__(status=204)
        del self.headers["Content-Type"]

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        assert not of
        return [Outcome(204, "Done.", {})]


class Elsewhere(Stated):
    """The way to another path."""

    def __init__(self, path: str) -> None:
        super().__init__(status=302, headers=(("Location", path),))
        del self.headers["Content-Type"]

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        assert not of
        return [Outcome(302, "It is elsewhere.", {}, ("Location",))]


class Public(Stated):
    """Content that any cache may keep, with its entity tag, or a mere 304 where the client has it."""

    def __init__(
        self, content: bytes, tag: str, if_none_match: str | None, *, media_type: str, headers: HeaderPairs
    ) -> None:
        headers = (*headers, ("ETag", tag))
        if if_none_match is not None and is_known(if_none_match, tag):
            super().__init__(status=304, headers=headers)
            del self.headers["Content-Type"]
        else:
            super().__init__(content, headers=headers, content_type=media_type)

    @classmethod
    def sent_or_known(cls, meaning: str, content: Mapping[str, Any]) -> Sequence[Outcome]:
        """Return the ways in which somebody gets the content, whose type is given by its media type."""
        return [Outcome(200, meaning, content, ("ETag",)), _NOT_MODIFIED]


_NOT_MODIFIED = Outcome(304, "It is what `If-None-Match` says that the client has.", {}, ("ETag",))


def _meaning(model: type[msgspec.Struct]) -> str:
    """Return the sentence in which a model says what it is."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())
