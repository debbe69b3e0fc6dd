"""Parameters of a URL; those nobody knows are ignored, as links are often decorated on their way."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Annotated, NoReturn, TypeAlias, TypeVar
from uuid import UUID

from flask import Request
from msgspec import Meta

from hexaccount.accounts.errors import UserNotFound
from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.sessions.errors import SessionNotFound
from hexaccount_flask.fields import CURSOR_PATTERN, CursorText, SessionId, UserId
from hexaccount_flask.models import FieldError
from hexaccount_flask.parameters import Parameter
from hexaccount_flask.problems import Problem, RequestRefused

T = TypeVar("T")

_USUAL_PAGE = 50
_LIMIT = re.compile(r"[0-9]{1,3}")
_NO_LIMIT = f"must be a whole number from 1 to {LONGEST_PAGE}"
_NO_CURSOR = "must be `page.next` of the page before"


def _page_limit(request: Request) -> int:
    return _read(request, "limit", _limit_of, _NO_LIMIT) or _USUAL_PAGE


def _page_start(request: Request) -> UUID | None:
    return _read(request, "after", _place_of, _NO_CURSOR)


def _user_id(request: Request) -> UUID:
    found = _id_of(in_path(request, "user_id"))
    if found is None:
        raise UserNotFound
    return found


def _session_id(request: Request) -> UUID:
    found = _id_of(in_path(request, "session_id"))
    if found is None:
        raise SessionNotFound
    return found


def in_path(request: Request, name: str) -> str:
    """Return the text of a part of the path that its route names."""
    return str((request.view_args or {})[name])


def cursor_of(last: UUID | None) -> str | None:
    """Return the place behind `last` as clients carry it: opaque to them, so that we may change what it holds."""
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode() if last else None


def refuse_parameter(name: str, remedy: str) -> NoReturn:
    """Refuse a request for a parameter of its URL, in the path or the query."""
    raise RequestRefused(invalid_parameter(name, remedy))


def invalid_parameter(name: str, remedy: str) -> Problem:
    """Return the problem of a parameter that is not as `remedy` says that it must be."""
    detail = "a part of the URL is not valid; see errors"
    errors = [FieldError(parameter=name, detail=remedy)]
    return Problem(status=422, code="invalid_input", detail=detail, errors=errors)


def _read(request: Request, name: str, read: Callable[[str], T | None], remedy: str) -> T | None:
    """Return a parameter as `read` reads it, None where it is absent; raises RequestRefused, naming it and `remedy`."""
    texts = request.args.getlist(name)
    if not texts:
        return None
    value = read(texts[0]) if len(texts) == 1 else None
    if value is None:
        refuse_parameter(name, remedy)
    return value


def _limit_of(text: str) -> int | None:
    """Return the number of entries on a page, None for what is none."""
    number = int(text) if _LIMIT.fullmatch(text) else 0
    return number if 1 <= number <= LONGEST_PAGE else None


def _place_of(cursor: str) -> UUID | None:
    """Return the id that a cursor stands for, None for what is no cursor of ours."""
    return UUID(bytes=urlsafe_b64decode(f"{cursor}==")) if re.fullmatch(CURSOR_PATTERN, cursor) else None


def _id_of(text: str) -> UUID | None:
    """Return an id in its one spelling: another would be a second path to the same thing."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


PageLimit: TypeAlias = Annotated[
    int,
    Parameter(
        name="limit",
        place="query",
        of=Annotated[int, Meta(ge=1, le=LONGEST_PAGE, description="How many entries a page has at most.")],
        read=_page_limit,
        refuses=[invalid_parameter("limit", _NO_LIMIT)],
        default=_USUAL_PAGE,
    ),
]
PageStart: TypeAlias = Annotated[
    UUID | None,
    Parameter(
        name="after",
        place="query",
        of=Annotated[CursorText, Meta(description="`page.next` of the page before; without it, the list begins.")],
        read=_page_start,
        refuses=[invalid_parameter("after", _NO_CURSOR)],
    ),
]
UserIdInPath: TypeAlias = Annotated[
    UUID, Parameter(name="user_id", place="path", of=UserId, read=_user_id, refuses=[UserNotFound])
]
SessionIdInPath: TypeAlias = Annotated[
    UUID, Parameter(name="session_id", place="path", of=SessionId, read=_session_id, refuses=[SessionNotFound])
]
"""An account, or a session, in a path; names and addresses are for the command line."""
