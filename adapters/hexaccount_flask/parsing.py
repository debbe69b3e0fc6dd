"""Bodies of requests, read strictly and with all that is wrong told at once."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec
from flask import Request
from msgspec.structs import FieldInfo, fields
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from hexaccount.kernel.bus import Bus
from hexaccount_flask.media_types import MERGE_PATCH
from hexaccount_flask.models import FieldError, RequestModel
from hexaccount_flask.problems import BODY_TOO_SLOW, Problem, RequestRefused

if TYPE_CHECKING:
    from hexaccount_flask.operation import Reader, Refusable

R = TypeVar("R", bound=RequestModel)

LONGEST_BODY = 65_536
"""Bytes."""

_MOST_ERRORS = 20
_LONGEST_NAME = 64
_KINDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_TYPE = re.compile(r"`([a-z |]+)`")
_IN_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, which has to be as `model` says."""

    model: type[RequestModel]

    @property
    def refuses(self) -> Sequence["Refusable"]:
        """Return what a request is refused with whose body is not."""
        field = FieldError(pointer=_pointer(next(iter(_fields_of(self.model)))), detail="must be a string, not null")
        return [
            _not_json("the body is not JSON: line 1, column 2"),
            BadRequest,
            BODY_TOO_SLOW,
            RequestEntityTooLarge,
            _unsupported_media_type(self.model.media_types),
            _invalid_input([field]),
        ]

    def reader(self, _: Bus | None) -> "Reader":
        """Return what reads the body."""
        return partial(parse, self.model)


def parse(model: type[R], request: Request) -> R:
    """Return the body of a request as a `model`; raises RequestRefused.

    What is not JSON is `malformed_json`, 400; JSON that does not fit is `invalid_input`, 422, with an error for each
    field. A name that an object has twice is malformed (RFC 8259, 4, leaves its meaning open; RFC 7493, 2.3, forbids
    it), as is a number beyond all use.
    """
    _check_media_type(request, model.media_types)
    document = _decode(request.get_data(cache=False))
    if not isinstance(document, dict):
        _refuse_input([FieldError(pointer="", detail="must be an object")])
    errors = list(islice(_faults(model, document), _MOST_ERRORS))
    if errors:
        _refuse_input(errors)
    return model(**document)


def _check_media_type(request: Request, media_types: tuple[str, ...]) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype not in media_types or charset != "utf-8" or encoding != "identity":
        raise RequestRefused(_unsupported_media_type(media_types))


def _unsupported_media_type(media_types: tuple[str, ...]) -> Problem:
    detail = f"send the body as {' or '.join(media_types)}, in UTF-8 and not compressed"
    # RFC 9110, 15.5.16: what would have been taken.
    accept = (("Accept-Patch" if MERGE_PATCH in media_types else "Accept-Post", ", ".join(media_types)),)
    return Problem(status=415, code="unsupported_media_type", detail=detail, headers=accept)


def _decode(body: bytes) -> Any:
    if not body:
        _refuse_body("the body is empty; send a JSON object")
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        _refuse_body(f"the body is not UTF-8: the byte at offset {error.start} does not fit")
    except json.JSONDecodeError as error:
        _refuse_body(f"the body is not JSON: line {error.lineno}, column {error.colno}")
    except RecursionError:
        _refuse_body("the body is nested too deeply")
    except ValueError as error:  # a hook of ours, or an integer of thousands of digits
        _refuse_body(str(error) if isinstance(error, _NotJson) else "the body holds a number that is too long")


class _NotJson(ValueError):
    """Something that Python's reader of JSON lets pass."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _NotJson("the body holds an object that has the same name twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"the body is not JSON: {name} is no JSON number")


@lru_cache
def _fields_of(model: type[RequestModel]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in fields(model)}


def _faults(model: type[RequestModel], document: dict[str, Any]) -> Iterator[FieldError]:
    # One by one, as converting the whole object would stop at the first fault.
    known = _fields_of(model)
    for name in document:
        if name not in known:
            yield FieldError(pointer=_pointer(name), detail="is not a field here")
    for name, field in known.items():
        fault = _fault(field, document[name]) if name in document else _absence(field)
        if fault:
            yield FieldError(pointer=_pointer(name), detail=fault)


def _absence(field: FieldInfo) -> str | None:
    return "is missing" if field.required else None


def _fault(field: FieldInfo, value: Any) -> str | None:
    try:
        msgspec.convert(value, field.type, strict=True)
    except msgspec.ValidationError as error:
        return _explain(str(error))
    if isinstance(value, str) and _IN_NO_TEXT.search(value):
        return "contains U+0000 or half of a surrogate pair, which are no characters"
    return None


def _explain(message: str) -> str:
    """Put what msgspec says of Python's types into words of JSON: it may be read by who never saw Python."""
    kinds = _TYPE.sub(lambda found: " or ".join(_KINDS.get(name, name) for name in found[1].split(" | ")), message)
    return kinds.replace("Expected ", "must be ", 1).replace(", got ", ", not ", 1)


def _pointer(name: str) -> str:
    shown = name[:_LONGEST_NAME].encode(errors="replace").decode()
    return "/" + shown.replace("~", "~0").replace("/", "~1")


def _refuse_body(detail: str) -> NoReturn:
    raise RequestRefused(_not_json(detail))


def _not_json(detail: str) -> Problem:
    return Problem(status=400, code="malformed_json", detail=detail)


def _refuse_input(errors: list[FieldError]) -> NoReturn:
    raise RequestRefused(_invalid_input(errors))


def _invalid_input(errors: list[FieldError]) -> Problem:
    detail = "some fields are not valid; see errors"
    return Problem(status=422, code="invalid_input", detail=detail, errors=errors)
