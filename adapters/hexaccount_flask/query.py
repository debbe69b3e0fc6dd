"""Parameters of a URL; those nobody knows are ignored, as links are often decorated on their way."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import NoReturn, TypeVar
from uuid import UUID

from flask import Request

from hexaccount.application.list_users import LONGEST_PAGE
from hexaccount_flask.models import FieldError
from hexaccount_flask.problems import Problem, RequestRefused

T = TypeVar("T")

_LIMIT = re.compile(r"[0-9]{1,3}")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{22}")


def parameter(request: Request, name: str, read: Callable[[str], T | None], remedy: str) -> T | None:
    """Return a parameter as `read` reads it, None where it is absent; raises RequestRefused, naming it and `remedy`."""
    texts = request.args.getlist(name)
    if not texts:
        return None
    value = read(texts[0]) if len(texts) == 1 else None
    if value is None:
        refuse_parameter(name, remedy)
    return value


def limit_of(text: str) -> int | None:
    """Return the number of entries on a page, None for what is none."""
    number = int(text) if _LIMIT.fullmatch(text) else 0
    return number if 1 <= number <= LONGEST_PAGE else None


def cursor_of(last: UUID | None) -> str | None:
    """Return the place behind `last` as clients carry it: opaque to them, so that we may change what it holds."""
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode() if last else None


def place_of(cursor: str) -> UUID | None:
    """Return the id that a cursor stands for, None for what is no cursor of ours."""
    if not _CURSOR.fullmatch(cursor):
        return None
    last = UUID(bytes=urlsafe_b64decode(f"{cursor}=="))
    return last if cursor_of(last) == cursor else None


def refuse_parameter(name: str, remedy: str) -> NoReturn:
    """Refuse a request for a parameter of its URL, in the path or the query."""
    detail = "a part of the URL is not valid; see errors"
    errors = [FieldError(parameter=name, detail=remedy)]
    raise RequestRefused(Problem(status=422, code="invalid_input", detail=detail, errors=errors))
