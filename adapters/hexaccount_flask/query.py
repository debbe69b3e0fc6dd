"""Parameters of a URL; those nobody knows are ignored, as links are often decorated on their way."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import NoReturn, TypeVar
from uuid import UUID

from flask import Request

from hexaccount.application.list_users import LONGEST_PAGE
from hexaccount.domain.errors import SessionNotFound, UserNotFound
from hexaccount_flask.models import FieldError
from hexaccount_flask.problems import Problem, RequestRefused

T = TypeVar("T")

_USUAL_PAGE = 50
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


def page_limit(request: Request) -> int:
    """Return the number of entries that a request wants on a page; raises RequestRefused."""
    remedy = f"must be a whole number from 1 to {LONGEST_PAGE}"
    return parameter(request, "limit", _limit_of, remedy) or _USUAL_PAGE


def page_start(request: Request) -> UUID | None:
    """Return the id after which the page that a request wants begins; raises RequestRefused."""
    return parameter(request, "after", _place_of, "must be `page.next` of the page before")


def user_id_in(path: str) -> UUID:
    """Return an account's id in a path; names and addresses are for the command line. Raises UserNotFound."""
    found = _id_of(path)
    if found is None:
        raise UserNotFound
    return found


def session_id_in(path: str) -> UUID:
    """Return a session's id in a path; raises SessionNotFound."""
    found = _id_of(path)
    if found is None:
        raise SessionNotFound
    return found


def _limit_of(text: str) -> int | None:
    """Return the number of entries on a page, None for what is none."""
    number = int(text) if _LIMIT.fullmatch(text) else 0
    return number if 1 <= number <= LONGEST_PAGE else None


def cursor_of(last: UUID | None) -> str | None:
    """Return the place behind `last` as clients carry it: opaque to them, so that we may change what it holds."""
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode() if last else None


def _place_of(cursor: str) -> UUID | None:
    """Return the id that a cursor stands for, None for what is no cursor of ours."""
    if not _CURSOR.fullmatch(cursor):
        return None
    last = UUID(bytes=urlsafe_b64decode(f"{cursor}=="))
    return last if cursor_of(last) == cursor else None


def _id_of(text: str) -> UUID | None:
    """Return an id in its one spelling: another would be a second path to the same thing."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def refuse_parameter(name: str, remedy: str) -> NoReturn:
    """Refuse a request for a parameter of its URL, in the path or the query."""
    detail = "a part of the URL is not valid; see errors"
    errors = [FieldError(parameter=name, detail=remedy)]
    raise RequestRefused(Problem(status=422, code="invalid_input", detail=detail, errors=errors))
