"""Fails every test in which the service gives an answer that its API document does not know.

It stands where clients get their answers: those of Flask's test client, and those of `requests` that are ours.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from hexaccount_flask.flask_app import HttpApplication
from tests.borders import Borders
from tests.documented.application import document
from tests.documented.check import Answer, DocumentCheck

_FAULTS: list[str] = []
_CHECKED = itertools.count()
_COUNT = pytest.StashKey[int]()


@cache
def _check() -> DocumentCheck:
    return DocumentCheck(document())


def take_faults() -> list[str]:
    """Return the faults that were noted since the last call."""
    faults = list(_FAULTS)
    _FAULTS.clear()
    return faults


@contextmanager
def planted_errors() -> Iterator[None]:
    """Let answers pass that are given to errors which a test has planted where they cannot come from."""
    before = len(_FAULTS)
    yield
    del _FAULTS[before:]


def _see_client(open_: Callable[..., Any]) -> Callable[..., Any]:
    def opened(client: FlaskClient, *given: Any, **more: Any) -> Any:
        answer = open_(client, *given, **more)
        # Where a redirect was followed, this was called for what came after it, too.
        first = answer.history[0] if answer.history else answer
        if isinstance(client.application, HttpApplication):
            method = first.request.environ["REQUEST_METHOD"]  # the other is in capitals, whatever was asked
            _look_at(method, first.request.path, first.status_code, first.headers, first.get_data())
        return answer

    return opened


def _see_requests(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        answer = send(session, request, **more)
        first = answer.history[0] if answer.history else answer
        # Whoever else the tests speak to does not have it, and that ours has it is seen with the other client.
        if "X-Request-ID" in first.headers:
            path = unquote(urlsplit(str(request.url)).path)
            _look_at(str(request.method), path, first.status_code, first.headers, first.content)
        return answer

    return sent


def _look_at(method: str, path: str, status: int, headers: Any, body: bytes) -> None:
    next(_CHECKED)
    _FAULTS.extend(_check().faults(Answer(method, path, status, list(headers.items()), body)))


_BORDERS = Borders(
    [
        (FlaskClient, "open", _see_client),
        (requests.Session, "send", _see_requests),
    ]
)


def pytest_configure() -> None:
    _BORDERS.watch()


def pytest_unconfigure() -> None:
    _BORDERS.leave()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    try:
        return (yield)
    finally:
        if faults := take_faults():
            pytest.fail("undocumented answers:\n" + "\n".join(f"  {fault}" for fault in faults[:20]), pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    stash = session.config.stash
    stash[_COUNT] = stash.get(_COUNT, 0) + next(_CHECKED)
    # A process of pytest-xdist tells it to the one that sums up.
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["documented"] = stash[_COUNT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in how many answers a process of pytest-xdist has checked."""
    stash = node.config.stash
    stash[_COUNT] = stash.get(_COUNT, 0) + getattr(node, "workeroutput", {}).get("documented", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    terminalreporter.write_line(f"api document: {config.stash.get(_COUNT, 0)} answers are as it says")
