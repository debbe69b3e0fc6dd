"""Fails every test in which the service gives a response that its API document does not describe.

It checks the responses of Flask's test client, and those of `requests` that come from the service.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from hexaccount_flask.web.application import HttpApplication
from tests.documented.application import document
from tests.documented.check import DocumentCheck, Exchange
from tests.method_patches import MethodPatches
from tests.run_checks import add_counts

_FAULTS: list[str] = []
_CHECKED = itertools.count()


_OTHERS: list[DocumentCheck] = []


@cache
def _ours() -> DocumentCheck:
    return DocumentCheck(document(pages=True))


@contextmanager
def described_by(document: dict[str, Any]) -> Iterator[None]:
    """Compare responses with another document, such as that of a service with routes of another package."""
    _OTHERS.append(DocumentCheck(document))
    yield
    _OTHERS.pop()


def take_faults() -> list[str]:
    """Return the faults that were found since the last call."""
    faults = list(_FAULTS)
    _FAULTS.clear()
    return faults


@contextmanager
def planted_errors() -> Iterator[None]:
    """Ignore the faults of responses to errors that a test raises where they cannot occur."""
    before = len(_FAULTS)
    yield
    del _FAULTS[before:]


def _checked_client(open_: Callable[..., Any]) -> Callable[..., Any]:
    def opened(client: FlaskClient, *given: Any, **more: Any) -> Any:
        answer = open_(client, *given, **more)
        # If a redirect was followed, this was called for the response after it, too.
        first = answer.history[0] if answer.history else answer
        if isinstance(client.application, HttpApplication):
            environ = first.request.environ  # `method` would be in capitals, and `path` lack a second slash
            path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            _check_response(environ["REQUEST_METHOD"], path, first.status_code, first.headers, first.get_data())
        return answer

    return opened


def _checked_requests(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        answer = send(session, request, **more)
        first = answer.history[0] if answer.history else answer
        # Other servers do not send it; that the service does is checked with the other client.
        if "X-Request-ID" in first.headers:
            path = unquote(urlsplit(str(request.url)).path)
            _check_response(str(request.method), path, first.status_code, first.headers, first.content)
        return answer

    return sent


def _check_response(method: str, path: str, status: int, headers: Any, body: bytes) -> None:
    next(_CHECKED)
    check = _OTHERS[-1] if _OTHERS else _ours()
    _FAULTS.extend(check.faults(Exchange(method, path, status, list(headers.items()), body)))


_PATCHES = MethodPatches(
    [
        (FlaskClient, "open", _checked_client),
        (requests.Session, "send", _checked_requests),
    ]
)


def pytest_configure() -> None:
    _PATCHES.apply()


def pytest_unconfigure() -> None:
    _PATCHES.undo()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    try:
        return (yield)
    finally:
        if faults := take_faults():
            pytest.fail("undocumented responses:\n" + "\n".join(f"  {fault}" for fault in faults[:20]), pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    add_counts(session.config, Counter({"answers by the API document": next(_CHECKED)}))
