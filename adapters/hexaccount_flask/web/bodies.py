"""Request bodies, read strictly; all faults are reported at once."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
from flask import Request
from msgspec import UNSET
from msgspec.structs import FieldInfo, asdict, fields
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from hexaccount.kernel.errors import InvalidValue
from hexaccount_flask.web.fields import checks_of
from hexaccount_flask.web.headers import JSON, MERGE_PATCH
from hexaccount_flask.web.inputs import DocumentedError, Reader, Services
from hexaccount_flask.web.problems import BODY_TOO_SLOW, FieldError, Problem, RequestRefused, invalid_input

R = TypeVar("R", bound="RequestModel")

LONGEST_BODY = 65_536
"""Bytes."""

_MOST_ERRORS = 20
_LONGEST_NAME = 64
_JSON_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_TYPE = re.compile(r"`([a-z |]+)`")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that a client sends; value objects of the domain check its texts."""

    media_types: ClassVar[tuple[str, ...]] = (JSON,)


def members_of(body: RequestModel) -> dict[str, Any]:
    """Return the members that a client sent."""
    return {name: value for name, value in asdict(body).items() if value is not UNSET}


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request; one that is not required is None if it is empty."""

    model: type[RequestModel]
    required: bool = True

    @property
    def errors(self) -> Sequence[DocumentedError]:
        field = FieldError(pointer=_pointer(next(iter(_fields_of(self.model)))), detail="must be a string, not null")
        return [
            _malformed("the body is not JSON: line 1, column 2"),
            BadRequest,
            BODY_TOO_SLOW,
            RequestEntityTooLarge,
            _unsupported_media_type(self.model.media_types),
            _invalid([field]),
        ]

    def reader(self, _: Services) -> Reader:
        if self.required:
            return lambda request: parse(self.model, request)
        return lambda request: parse(self.model, request) if request.content_length else None


def parse(model: type[R], request: Request) -> R:
    """Return the body of a request; raises RequestRefused.

    A body that is not JSON is `malformed_json`, 400. JSON that does not fit is `invalid_input`, 422, with an error for
    each field. An object with the same name twice is malformed: RFC 8259, 4, leaves its meaning open, and RFC 7493,
    2.3, forbids it. So is a number with thousands of digits.
    """
    _check_media_type(request, model.media_types)
    document = _decode(request.get_data(cache=False))
    if not isinstance(document, dict):
        raise RequestRefused(_invalid([FieldError(pointer="", detail="must be an object")]))
    if errors := list(islice(_faults(model, document), _MOST_ERRORS)):
        raise RequestRefused(_invalid(errors))
    return model(**document)


def _check_media_type(request: Request, media_types: tuple[str, ...]) -> None:
    # No parameter has a meaning, whatever charset it names (RFC 8259, 11): JSON is UTF-8.
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype not in media_types or encoding != "identity":
        raise RequestRefused(_unsupported_media_type(media_types))


def _unsupported_media_type(media_types: tuple[str, ...]) -> Problem:
    # RFC 9110, 15.5.16: the response names the media types that are supported.
    accept = "Accept-Patch" if MERGE_PATCH in media_types else "Accept-Post"
    return Problem(
        status=415,
        code="unsupported_media_type",
        detail=f"send the body as {' or '.join(media_types)}, not compressed",
        headers=((accept, ", ".join(media_types)),),
    )


def _malformed(detail: str) -> Problem:
    return Problem(status=400, code="malformed_json", detail=detail)


def _invalid(errors: list[FieldError]) -> Problem:
    return invalid_input("some fields are not valid; see errors", errors)


def _decode(body: bytes) -> Any:
    if not body:
        raise RequestRefused(_malformed("the body is empty; send a JSON object"))
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        fault = f"the body is not UTF-8: the byte at offset {error.start} does not fit"
    except json.JSONDecodeError as error:
        fault = f"the body is not JSON: line {error.lineno}, column {error.colno}"
    except RecursionError:
        fault = "the body is nested too deeply"
    except ValueError:  # Python's, of an integer of thousands of digits
        fault = "the body holds a number that is too long"
    raise RequestRefused(_malformed(fault))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise RequestRefused(_malformed("the body holds an object that has the same name twice"))
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise RequestRefused(_malformed(f"the body is not JSON: {name} is no JSON number"))


@lru_cache
def _fields_of(model: type[RequestModel]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in fields(model)}


def _faults(model: type[RequestModel], document: dict[str, Any]) -> Iterator[FieldError]:
    """Return the faults of a body that cannot become a message; the message finds those of another one itself."""
    known = _fields_of(model)
    unknown = [name for name in document if name not in known]
    # Field by field, because converting the whole object would stop at the first fault.
    faults = {name: _fault(field, document.get(name, UNSET)) for name, field in known.items()}
    if not unknown and not any(faults.values()):
        return
    for name in unknown:
        yield FieldError(pointer=_pointer(name), detail="is not a field here")
    for name, fault in faults.items():
        if found := fault or _broken_rule(known[name], document.get(name)):
            yield FieldError(pointer=_pointer(name), detail=found)


def _broken_rule(field: FieldInfo, value: Any) -> str | None:
    if isinstance(value, str):
        for check in checks_of(field.type):
            try:
                check(value)
            except InvalidValue as refusal:
                return refusal.reason
    return None


def _fault(field: FieldInfo, value: Any) -> str | None:
    if value is UNSET:
        return "is missing" if field.required else None
    try:
        msgspec.convert(value, field.type, strict=True)
    except msgspec.ValidationError as error:
        return _explain(str(error))
    if isinstance(value, str) and _NOT_TEXT.search(value):
        return "contains U+0000 or half of a surrogate pair, which are no characters"
    return None


def _explain(message: str) -> str:
    """Replace the names of Python's types in an error of msgspec by those of JSON."""
    message = _TYPE.sub(lambda found: " or ".join(_JSON_TYPES.get(n, n) for n in found[1].split(" | ")), message)
    return message.replace("Expected ", "must be ", 1).replace(", got ", ", not ", 1)


def _pointer(name: str) -> str:
    shown = name[:_LONGEST_NAME].encode(errors="replace").decode()
    return "/" + shown.replace("~", "~0").replace("/", "~1")
